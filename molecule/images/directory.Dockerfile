# The identity provider of the scenario two_factor: a directory and a Kerberos KDC, both empty.
FROM infosec-base:12
RUN apt-get install -qq -y --no-install-recommends krb5-admin-server krb5-kdc ldap-utils openssl slapd >/dev/null \
 && apt-get clean
