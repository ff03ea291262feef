#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# People of the directory (directory.sh) on this host: identity by LDAP with StartTLS, passwords by Kerberos, and tickets
# in sshd. Needs: sssd-krb5 sssd-ldap sssd-tools libpam-sss libnss-sss krb5-user, and in /srv/directory ca.pem and
# host.keytab.
#
#   sssd.sh ADDRESS HOST krb5|ldap [GROUP]
#
# ADDRESS: of the directory. HOST: our own name, as in the keytab. krb5 or ldap: what checks passwords; ldap is the one
# that single_sign_on finds. GROUP: whom sssd lets in (default: staff).
set -eu

address=$1 host=$2 provider=$3 group=${4:-staff}
name=directory.infosec.test
base=dc=infosec,dc=test
grep -q "$name" /etc/hosts || echo "$address $name" >>/etc/hosts
grep -q " $host" /etc/hosts || echo "$(hostname -I | cut -d' ' -f1) $host" >>/etc/hosts
hostname "$host"
install -m 0600 /srv/directory/host.keytab /etc/krb5.keytab
install -m 0644 /srv/directory/ca.pem /etc/ssl/certs/directory.pem
cat >/etc/krb5.conf <<END
[libdefaults]
default_realm = INFOSEC.TEST
dns_lookup_kdc = false
rdns = false
[realms]
INFOSEC.TEST = {
    kdc = $name
}
[domain_realm]
.infosec.test = INFOSEC.TEST
END
cat >/etc/sssd/sssd.conf <<END
[sssd]
services = nss, pam
domains = infosec.test

[domain/infosec.test]
id_provider = ldap
auth_provider = $provider
chpass_provider = none
access_provider = simple
simple_allow_groups = $group
ldap_uri = ldap://$name
ldap_search_base = $base
ldap_id_use_start_tls = true
ldap_tls_reqcert = demand
ldap_tls_cacert = /etc/ssl/certs/directory.pem
krb5_server = $name
krb5_realm = INFOSEC.TEST
krb5_validate = true
enumerate = false
END
chmod 0600 /etc/sssd/sssd.conf
# Newer ones run as a user of their own, and want their file to be his.
owner=$(systemctl show -P User sssd.service)
chown "${owner:-root}:" /etc/sssd/sssd.conf
mkdir -p /etc/ssh/sshd_config.d
# Kerberos tickets, and passwords that PAM hands to Kerberos; homes are made at the first login.
printf 'GSSAPIAuthentication yes\nUsePAM yes\n' >/etc/ssh/sshd_config.d/50-kerberos.conf
grep -q pam_mkhomedir /etc/pam.d/common-session || echo 'session optional pam_mkhomedir.so' >>/etc/pam.d/common-session
pam-auth-update --enable sss --package >/dev/null 2>&1 || true
rm -rf /var/lib/sss/db/* /var/lib/sss/mc/*
systemctl restart sssd
systemctl reload-or-restart ssh
for _try in 1 2 3 4 5 6 7 8 9 10; do
    getent passwd diana >/dev/null && exit 0
    sleep 1
done
echo "sssd does not know diana" >&2
exit 1
