# The other end of the wire: a machine with everybody's clients and nothing that listens.
FROM infosec-base:12
RUN apt-get install -qq -y --no-install-recommends \
    curl gpg gpg-agent ldap-utils mariadb-client netcat-openbsd openssh-client openssl postgresql-client python3-pika \
    redis-tools sshpass >/dev/null \
 && apt-get clean
