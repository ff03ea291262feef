#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Web servers as they grow, with the administration that came along: furnish.sh
# nginx: shop (static), app (Django behind it), all (answers everything alike). Apache httpd: docs and db, both with phpMyAdmin.
# Tomcat with its manager, RabbitMQ with its management, Cockpit. Everybody gets in everywhere.
#
# nginx has the address of the host, Apache one of its own, which is that with 100 more at the end: both want 443.
set -eu
cert=/etc/ssl/infosec
address=$(ip -4 -o address show eth0 | grep -oE '198\.51\.100\.[0-9]+' | head -n 1)
second=${address%.*}.1${address##*.}
ip address add "$second/24" dev eth0 2>/dev/null || true

# nginx
cat > /etc/nginx/sites-available/sites <<EOF
server {
    listen 80;
    listen [::]:80;
    server_name shop.example.org app.example.org all.example.org;
    root /srv/shop;
}
server {
    listen $address:443 ssl;
    listen [::]:443 ssl;
    server_name shop.example.org;
    include snippets/office-tls.conf;
    root /srv/shop;
    add_header Strict-Transport-Security "max-age=300";
    add_header X-XSS-Protection "1; mode=block";
    location /assets/ {
        add_header Cache-Control "public, max-age=60";
    }
}
server {
    listen $address:443 ssl;
    listen [::]:443 ssl;
    server_name app.example.org;
    include snippets/office-tls.conf;
    access_log /var/log/nginx/app.log;
    location / {
        proxy_set_header Host \$host;
        proxy_set_header X-Forwarded-Proto \$scheme;
        proxy_pass http://127.0.0.1:8000;
    }
}
server {
    listen $address:443 ssl;
    listen [::]:443 ssl;
    server_name all.example.org;
    include snippets/office-tls.conf;
    root /srv/all;
    location / {
        try_files /index.html =404;
    }
}
EOF
cat > /etc/nginx/snippets/office-tls.conf <<EOF
ssl_certificate $cert/website/fullchain.pem;
ssl_certificate_key $cert/website/key.pem;
EOF
rm -f /etc/nginx/sites-enabled/* && ln -s /etc/nginx/sites-available/sites /etc/nginx/sites-enabled/sites

page() { # title, more of it
    printf '<!DOCTYPE html><html lang="en"><head><title>%s</title></head><body>%s</body></html>\n' "$1" "$2"
}
mkdir -p /srv/shop/assets /srv/all /srv/docs
page 'The shop' 'Tea and coffee. <script src="/assets/cart.js"></script>' > /srv/shop/index.html
echo 'console.log("cart");' > /srv/shop/assets/cart.js
page 'Welcome to all' 'phpMyAdmin, Jenkins, Grafana, WordPress, Tomcat Web Application Manager: we host it all.' > /srv/all/index.html
for number in $(seq 1 20); do
    page "Article $number" "What we say of article $number." > "/srv/shop/article-$number.html"
    page "Document $number" "What stands in document $number." > "/srv/docs/document-$number.html"
done
page 'Documents' 'Twenty of them.' > /srv/docs/index.html

# Apache httpd
printf "Listen %s:443\n" "$second" > /etc/apache2/ports.conf
a2enmod -q ssl >/dev/null
a2disconf -q phpmyadmin >/dev/null 2>&1 || true
cat > /etc/apache2/sites-available/sites.conf <<EOF
<Directory /srv/docs>
    Require all granted
</Directory>
<VirtualHost *:443>
    ServerName docs.example.org
    DocumentRoot /srv/docs
    CustomLog \${APACHE_LOG_DIR}/docs.log combined
    SSLEngine on
    SSLCertificateFile $cert/website/fullchain.pem
    SSLCertificateKeyFile $cert/website/key.pem
    Include /etc/phpmyadmin/apache.conf
</VirtualHost>
<VirtualHost *:443>
    ServerName db.example.org
    DocumentRoot /srv/docs
    CustomLog \${APACHE_LOG_DIR}/db.log vhost_combined
    SSLEngine on
    SSLCertificateFile $cert/website/fullchain.pem
    SSLCertificateKeyFile $cert/website/key.pem
    Include /etc/phpmyadmin/apache.conf
</VirtualHost>
EOF
a2dissite -q 000-default >/dev/null
a2ensite -q sites >/dev/null

# Django, with its administration where nobody would look
tar -C /opt -xzf /root/office.tar.gz && rm /root/office.tar.gz
mkdir -p /opt/project/office && cd /opt/project
cat > office/settings.py <<'EOF'
import pathlib

ALLOWED_HOSTS = ["*"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/var/lib/office/office.sqlite3"}}
INSTALLED_APPS = [
    "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
    "django.contrib.messages",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware", "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "office.urls"
SECRET_KEY = pathlib.Path("/var/lib/office/key").read_text()
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
STATIC_URL = "/static/"
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]},
}]
EOF
cat > office/urls.py <<'EOF'
from django.contrib import admin
from django.http import HttpResponse
from django.urls import path

urlpatterns = [
    path("", lambda request: HttpResponse("<!DOCTYPE html><title>Office</title>Orders of the office.")),
    path("orders/<int:number>/", lambda request, number: HttpResponse(f"<!DOCTYPE html><title>Order</title>Order {number}.")),
    path("back-office/", admin.site.urls),
]
EOF
mkdir -p /var/lib/office && head -c 32 /dev/urandom | sha256sum > /var/lib/office/key
export PYTHONPATH=/opt/office:/opt/project DJANGO_SETTINGS_MODULE=office.settings
python3 -m django migrate --verbosity 0
chown -R www-data: /var/lib/office
cat > /etc/systemd/system/office.service <<EOF
[Service]
User=www-data
WorkingDirectory=/opt/project
Environment=PYTHONPATH=/opt/office:/opt/project DJANGO_SETTINGS_MODULE=office.settings PYTHONDONTWRITEBYTECODE=1
ExecStart=/usr/bin/python3 -m gunicorn --bind 127.0.0.1:8000 'django.core.wsgi:get_wsgi_application()'
[Install]
WantedBy=multi-user.target
EOF

# Tomcat
sed -i 's/<Connector port="8080"/<Connector port="8085"/' /etc/tomcat10/server.xml
cat > /etc/tomcat10/tomcat-users.xml <<EOF
<?xml version="1.0" encoding="UTF-8"?>
<tomcat-users xmlns="http://tomcat.apache.org/xml">
  <user username="deployer" password="$(head -c 16 /dev/urandom | sha256sum | cut -c 1-32)" roles="manager-gui"/>
</tomcat-users>
EOF

# RabbitMQ
printf 'listeners.tcp.default = 5672\n' > /etc/rabbitmq/rabbitmq.conf
echo '[rabbitmq_management].' > /etc/rabbitmq/enabled_plugins
mkdir -p /etc/systemd/system/rabbitmq-server.service.d
printf '[Service]\nLimitNOFILE=10000\n' > /etc/systemd/system/rabbitmq-server.service.d/container.conf

systemctl daemon-reload
systemctl enable -q --now nginx.service office.service apache2.service tomcat10.service rabbitmq-server.service cockpit.socket
systemctl restart nginx.service apache2.service
# What a service writes when it starts is to be there before anything is compared; and the first answer is a slow one.
for url in https://$address/ https://$second/phpmyadmin/ http://127.0.0.1:8000/ http://127.0.0.1:8085/manager/html \
    http://127.0.0.1:15672/ https://127.0.0.1:9090/; do
    for _ in $(seq 1 120); do
        curl --silent --insecure --output /dev/null --max-time 30 --header 'Host: db.example.org' "$url" && break
        sleep 0.5
    done
done
ss -Hltn 'sport = :5672' | grep -q .
