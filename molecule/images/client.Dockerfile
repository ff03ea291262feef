# The other end of the wire: a machine with everybody's clients and nothing that listens.
FROM infosec-base:12
RUN apt-get install -qq -y --no-install-recommends gpg gpg-agent mariadb-client netcat-openbsd openssh-client postgresql-client redis-tools sshpass >/dev/null \
 && apt-get clean
