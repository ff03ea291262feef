#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A directory with Kerberos: slapd (StartTLS, a certificate of a CA of its own) and a KDC for the realm INFOSEC.TEST.
# Needs: slapd ldap-utils krb5-kdc krb5-admin-server openssl.
#
#   directory.sh PASSWORD HOST...
#
# People: diana and erik (group staff), fay (group visitors), all with PASSWORD, in Kerberos and in LDAP. Each HOST gets
# its keytab. What hosts need lies in /srv/directory: ca.pem and HOST.keytab.
set -eu

password=$1
shift
name=directory.infosec.test
base=dc=infosec,dc=test
out=/srv/directory
mkdir -p "$out" /etc/ldap/tls
grep -q "$name" /etc/hosts || echo "$(hostname -I | cut -d' ' -f1) $name" >>/etc/hosts

# TLS

[ -e "$out/ca.pem" ] || {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Directory test CA" \
        -keyout "$out/ca.key" -out "$out/ca.pem" 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$name" -keyout /etc/ldap/tls/key.pem -out "$out/csr.pem" 2>/dev/null
    printf 'subjectAltName=DNS:%s\n' "$name" >"$out/san"
    openssl x509 -req -in "$out/csr.pem" -CA "$out/ca.pem" -CAkey "$out/ca.key" -CAcreateserial -days 2 \
        -extfile "$out/san" -out /etc/ldap/tls/cert.pem 2>/dev/null
    chown -R openldap: /etc/ldap/tls
}

# LDAP

systemctl stop slapd
rm -rf /var/lib/ldap/* /etc/ldap/slapd.d/*
cat >/etc/ldap/slapd.conf <<END
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile /run/slapd/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile $out/ca.pem
TLSCertificateFile /etc/ldap/tls/cert.pem
TLSCertificateKeyFile /etc/ldap/tls/key.pem
database mdb
suffix "$base"
rootdn "cn=admin,$base"
rootpw "$password"
directory /var/lib/ldap
index objectClass,uid,uidNumber,gidNumber,memberUid eq
access to attrs=userPassword by anonymous auth by * none
access to * by * read
END
{
    printf 'dn: %s\nobjectClass: dcObject\nobjectClass: organization\ndc: infosec\no: Infosec\n\n' "$base"
    for unit in people groups; do
        printf 'dn: ou=%s,%s\nobjectClass: organizationalUnit\nou: %s\n\n' "$unit" "$base" "$unit"
    done
    number=20001
    for one in diana:20000 erik:20000 fay:20010; do
        user=${one%:*}
        printf 'dn: uid=%s,ou=people,%s\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\nuid: %s\n' \
            "$user" "$base" "$user"
        printf 'cn: %s\nsn: %s\nuidNumber: %s\ngidNumber: %s\nhomeDirectory: /home/%s\nloginShell: /bin/bash\n' \
            "$user" "$user" "$number" "${one#*:}" "$user"
        printf 'userPassword: %s\n\n' "$(slappasswd -s "$password")"
        number=$((number + 1))
    done
    printf 'dn: cn=staff,ou=groups,%s\nobjectClass: posixGroup\ncn: staff\ngidNumber: 20000\n' "$base"
    printf 'memberUid: diana\nmemberUid: erik\n\n'
    printf 'dn: cn=visitors,ou=groups,%s\nobjectClass: posixGroup\ncn: visitors\ngidNumber: 20010\n' "$base"
    printf 'memberUid: fay\n\n'
} >"$out/people.ldif"
slapadd -q -f /etc/ldap/slapd.conf -l "$out/people.ldif"
slaptest -Q -f /etc/ldap/slapd.conf -F /etc/ldap/slapd.d
chown -R openldap: /var/lib/ldap /etc/ldap/slapd.d
systemctl start slapd

# Kerberos

cat >/etc/krb5.conf <<END
[libdefaults]
default_realm = INFOSEC.TEST
dns_lookup_kdc = false
rdns = false
[realms]
INFOSEC.TEST = {
    kdc = $name
    admin_server = $name
}
[domain_realm]
.infosec.test = INFOSEC.TEST
END
mkdir -p /etc/krb5kdc
printf '[realms]\nINFOSEC.TEST = {\n    max_life = 10h\n    max_renewable_life = 1d\n}\n' >/etc/krb5kdc/kdc.conf
systemctl stop krb5-kdc 2>/dev/null || true
[ -e /var/lib/krb5kdc/principal ] || kdb5_util create -s -r INFOSEC.TEST -P "$password" >/dev/null
for user in diana erik fay; do
    kadmin.local -q "addprinc -pw $password $user" >/dev/null 2>&1
done
for host in "$@"; do
    rm -f "$out/$host.keytab"
    kadmin.local -q "addprinc -randkey host/$host" >/dev/null 2>&1
    kadmin.local -q "ktadd -k $out/$host.keytab host/$host" >/dev/null
done
systemctl start krb5-kdc

LDAPTLS_CACERT=$out/ca.pem ldapsearch -x -ZZ -LLL -H "ldap://$name" -b "$base" uid=diana uid | grep -q diana
printf '%s\n' "$password" | kinit -c /tmp/directory-check diana >/dev/null
rm -f /tmp/directory-check
