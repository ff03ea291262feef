#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Ten services as somebody leaves them who wanted every old client to get in: furnish.sh PEER
# They listen for the network; what speaks TLS takes anything since 1.0, the rest speaks in clear.
# PEER: the address of the other house, whose application nginx serves under /app/.
set -eu
peer=$1
cert=/etc/ssl/infosec
anything='ALL:!aNULL:@SECLEVEL=0'

# nginx: 80 leads to 443
sed -i '/ssl_protocols/s/.*/\tssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;/' /etc/nginx/nginx.conf
cat > /etc/nginx/conf.d/old-clients.conf <<EOF
ssl_ciphers $anything;
EOF
cat > /etc/nginx/sites-available/default <<EOF
server {
    listen 80 default_server;
    listen [::]:80 default_server;
    return 301 https://\$host\$request_uri;
}
server {
    listen 443 ssl default_server;
    listen [::]:443 ssl default_server;
    server_name $(hostname);
    ssl_certificate $cert/website/fullchain.pem;
    ssl_certificate_key $cert/website/key.pem;
    root /var/www/html;
    location /app/ {
        proxy_pass http://$peer:8080/;
    }
}
EOF
rm -f /etc/nginx/sites-enabled/* && ln -s /etc/nginx/sites-available/default /etc/nginx/sites-enabled/default
echo 'the shop of the house' > /var/www/html/index.html

# Apache: the application, in clear on 8080 and by TLS on 8443
printf 'Listen 8080\n<IfModule ssl_module>\n\tListen 8443\n</IfModule>\n' > /etc/apache2/ports.conf
a2enmod -q ssl >/dev/null
sed -i -E "s/^(\s*)SSLProtocol .*/\1SSLProtocol all -SSLv3/; s/^(\s*)SSLCipherSuite .*/\1SSLCipherSuite $anything/" \
    /etc/apache2/mods-available/ssl.conf
mkdir -p /srv/app && echo 'the orders of the application' > /srv/app/index.html
cat > /etc/apache2/sites-available/app.conf <<EOF
<Directory /srv/app>
    Require all granted
</Directory>
<VirtualHost *:8080>
    DocumentRoot /srv/app
</VirtualHost>
<VirtualHost *:8443>
    ServerName $(hostname)
    DocumentRoot /srv/app
    SSLEngine on
    SSLCertificateFile $cert/app/fullchain.pem
    SSLCertificateKeyFile $cert/app/key.pem
</VirtualHost>
EOF
a2dissite -q 000-default >/dev/null && a2ensite -q app >/dev/null

# HAProxy: the same application, once more
cat $cert/gateway/fullchain.pem $cert/gateway/key.pem > /etc/haproxy/gateway.pem
chmod 0600 /etc/haproxy/gateway.pem
sed -i -E "s/ssl-default-bind-ciphers .*/ssl-default-bind-ciphers $anything/; s/ssl-min-ver TLSv1.2/ssl-min-ver TLSv1.0/" \
    /etc/haproxy/haproxy.cfg
cat >> /etc/haproxy/haproxy.cfg <<EOF

frontend gateway
	bind :::9443 v4v6 ssl crt /etc/haproxy/gateway.pem
	default_backend app
backend app
	server app 127.0.0.1:8080
EOF

# PostgreSQL
postgres=$(echo /etc/postgresql/*/main)
cat > "$postgres/conf.d/office.conf" <<EOF
listen_addresses = '*'
ssl_min_protocol_version = 'TLSv1'
ssl_ciphers = '$anything'
ssl_cert_file = '$cert/orders/fullchain.pem'
ssl_key_file = '$cert/orders/key.pem'
EOF
printf 'host all all 198.51.100.0/24 scram-sha-256\n' >> "$postgres/pg_hba.conf"

# MariaDB, Redis or Valkey
sed -i 's/^bind-address.*/bind-address = */' /etc/mysql/mariadb.conf.d/50-server.cnf
sed -i 's/^bind .*/bind * -::*/; s/^protected-mode .*/protected-mode no/' /etc/redis/redis.conf /etc/valkey/valkey.conf 2>/dev/null || true

# Dovecot, and Postfix that asks it who somebody is
if [ -e /etc/dovecot/conf.d/10-ssl.conf ] && dovecot --version | grep -q '^2\.3'; then
    cat > /etc/dovecot/conf.d/90-office.conf <<EOF
disable_plaintext_auth = no
ssl = yes
ssl_min_protocol = TLSv1
ssl_cipher_list = $anything
ssl_cert = <$cert/mail/fullchain.pem
ssl_key = <$cert/mail/key.pem
EOF
else
    cat > /etc/dovecot/conf.d/90-office.conf <<EOF
auth_allow_cleartext = yes
ssl = yes
ssl_min_protocol = TLSv1
ssl_cipher_list = $anything
ssl_server_cert_file = $cert/mail/fullchain.pem
ssl_server_key_file = $cert/mail/key.pem
EOF
fi
cat >> /etc/dovecot/conf.d/90-office.conf <<EOF
service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
EOF
postconf -e inet_interfaces=all mydestination="$(hostname), localhost" smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth \
    smtpd_sasl_auth_enable=yes smtpd_tls_auth_only=no "smtpd_tls_protocols=>=TLSv1" "smtpd_tls_mandatory_protocols=>=TLSv1" \
    smtpd_tls_security_level=may smtpd_tls_cert_file=$cert/mail/fullchain.pem smtpd_tls_key_file=$cert/mail/key.pem \
    "tls_medium_cipherlist=$anything"
postconf -M "submission/inet=submission inet n - y - - smtpd"

# slapd, which says who comes and how
ldapmodify -Q -Y EXTERNAL -H ldapi:/// >/dev/null <<EOF
dn: cn=config
changetype: modify
replace: olcLogLevel
olcLogLevel: stats
EOF

# RabbitMQ: somebody from elsewhere
rabbitmqctl --quiet add_user orders orders >/dev/null
rabbitmqctl --quiet set_permissions orders '.*' '.*' '.*' >/dev/null

# A service whose secret everybody on the host can read, and a store of credentials in the web root
cat > /usr/local/bin/billing <<'EOF'
#!/usr/bin/python3
import http.server, os

class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"a token of {len(os.environ['BILLING_TOKEN'])} letters\n".encode())

http.server.HTTPServer(("", 8091), Answer).serve_forever()
EOF
chmod 0755 /usr/local/bin/billing
cat > /etc/systemd/system/billing.service <<EOF
[Unit]
Description=Bills
[Service]
Environment=BILLING_TOKEN=$(openssl rand -hex 16)
ExecStart=/usr/local/bin/billing
[Install]
WantedBy=multi-user.target
EOF
printf '[client]\npassword=%s\n' "$(openssl rand -hex 16)" > /root/.my.cnf && chmod 0644 /root/.my.cnf
printf 'DATABASE_PASSWORD=%s\n' "$(openssl rand -hex 16)" > /var/www/html/.env && chmod 0644 /var/www/html/.env
systemctl daemon-reload
systemctl enable -q --now billing.service

id -u ann >/dev/null 2>&1 || useradd --create-home --shell /bin/bash ann
echo 'ann:orders' | chpasswd

runuser -u postgres -- psql -qv ON_ERROR_STOP=1 -c "CREATE ROLE orders LOGIN PASSWORD 'orders'" -c 'CREATE DATABASE orders OWNER orders'
runuser -u postgres -- psql -qv ON_ERROR_STOP=1 -d orders -c "CREATE TABLE orders (item text)" -c "INSERT INTO orders VALUES ('tea')" -c 'GRANT SELECT ON orders TO orders'
mariadb -e "CREATE DATABASE orders; CREATE TABLE orders.orders (item text); INSERT INTO orders.orders VALUES ('coffee'); \
    CREATE USER 'orders'@'%' IDENTIFIED BY 'orders'; GRANT ALL ON orders.* TO 'orders'@'%'"

systemctl enable -q nginx
systemctl restart apache2 nginx haproxy postgresql mariadb dovecot postfix redis-server 2>/dev/null ||
    systemctl restart apache2 nginx haproxy postgresql mariadb dovecot postfix valkey-server
