# Valkey, open to the network without a password; ufw is there, and off.
FROM infosec-base:13
RUN apt-get install -qq -y --no-install-recommends ufw valkey-server >/dev/null \
 && apt-get clean \
 && sed -i 's/^bind .*/bind * -::*/; s/^protected-mode .*/protected-mode no/' /etc/valkey/valkey.conf \
 && mkdir -p /etc/systemd/system/valkey-server.service.d \
 && printf '[Service]\nPrivateUsers=no\nLimitNOFILE=10000\n' > /etc/systemd/system/valkey-server.service.d/container.conf
