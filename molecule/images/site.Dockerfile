# A web server as it grows: nginx, Apache httpd, Tomcat, RabbitMQ and Cockpit, each with its own administration.
# Releases: 12 13
ARG RELEASE
FROM infosec-base:${RELEASE}
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends \
    apache2 cockpit-bridge cockpit-ws curl libapache2-mod-php nginx-light default-jre-headless openssl php-xml phpmyadmin \
    rabbitmq-server ssl-cert tomcat10 tomcat10-admin >/dev/null \
 && apt-get clean \
 && systemctl disable -q nginx.service apache2.service tomcat10.service rabbitmq-server.service
