# The other end of the wire: a machine with everybody's clients and nothing that listens.
FROM infosec-base:12
RUN apt-get install -qq -y --no-install-recommends gpg gpg-agent mariadb-client netcat-openbsd postgresql-client redis-tools >/dev/null \
 && apt-get clean
