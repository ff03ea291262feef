# Four databases as a hurried person leaves them: each listens everywhere, and admits whoever asks.
FROM infosec-base:12
RUN apt-get install -qq -y --no-install-recommends \
    mariadb-server memcached nftables postgresql redis-server ssl-cert >/dev/null \
 && apt-get clean

# What these units ask of the kernel and a container cannot give.
RUN mkdir -p /etc/systemd/system/redis-server.service.d \
 && printf '[Service]\nPrivateUsers=no\nLimitNOFILE=10000\n' > /etc/systemd/system/redis-server.service.d/container.conf

RUN echo "listen_addresses = '*'" >> /etc/postgresql/15/main/postgresql.conf \
 && printf 'host all all 0.0.0.0/0 scram-sha-256\nhost all all ::/0 scram-sha-256\n' >> /etc/postgresql/15/main/pg_hba.conf \
 && sed -i 's/^bind-address.*/bind-address = */' /etc/mysql/mariadb.conf.d/50-server.cnf \
 && sed -i 's/^bind .*/bind * -::*/; s/^protected-mode .*/protected-mode no/' /etc/redis/redis.conf \
 && sed -i 's/^-l .*//' /etc/memcached.conf

RUN pg_ctlcluster 15 main start \
 && runuser -u postgres -- psql -qv ON_ERROR_STOP=1 \
    -c "CREATE ROLE orders LOGIN PASSWORD 'orders'" -c 'CREATE DATABASE orders OWNER orders' \
 && PGPASSWORD=orders psql -qv ON_ERROR_STOP=1 -h localhost -U orders \
    -c "CREATE TABLE orders (item text)" -c "INSERT INTO orders VALUES ('tea')" \
 && pg_ctlcluster 15 main stop
RUN service mariadb start >/dev/null \
 && mariadb -e "CREATE DATABASE orders; CREATE TABLE orders.orders (item text); INSERT INTO orders.orders VALUES ('coffee'); \
    CREATE USER 'orders'@'%' IDENTIFIED BY 'orders'; GRANT ALL ON orders.* TO 'orders'@'%'" \
 && service mariadb stop >/dev/null
