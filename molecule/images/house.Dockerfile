# The one server of a small house: ten services that speak TLS, or should, as each Debian brings them.
# Releases: 12 13
ARG RELEASE
FROM infosec-base:${RELEASE}
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends \
    apache2 dovecot-imapd dovecot-pop3d haproxy ldap-utils mariadb-server nginx-light openssl postfix postgresql \
    rabbitmq-server slapd ssl-cert >/dev/null \
 && { apt-get install -qq -y --no-install-recommends valkey-server >/dev/null 2>&1 \
      || apt-get install -qq -y --no-install-recommends redis-server >/dev/null; } \
 && apt-get clean
RUN for store in redis valkey; do \
      mkdir -p /etc/systemd/system/$store-server.service.d \
      && printf '[Service]\nPrivateUsers=no\nLimitNOFILE=10000\n' > /etc/systemd/system/$store-server.service.d/container.conf; \
    done
# Apache and nginx both want port 80; the scenario gives it to nginx.
RUN systemctl disable -q nginx.service
