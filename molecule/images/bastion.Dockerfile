# The one machine that people log in to, with Debian 13's way of remembering it (wtmpdb, lastlog2, journal).
# All three firewalls are there, and off: a lockout is tried with each of them.
FROM infosec-base:13
RUN apt-get install -qq -y --no-install-recommends \
    firewalld libpam-lastlog2 libpam-wtmpdb nftables openssh-server sudo ufw wtmpdb >/dev/null \
 && apt-get clean \
 && systemctl disable -q firewalld.service
RUN useradd --create-home --shell /bin/bash admin \
 && install -d -m 0700 -o admin -g admin /home/admin/.ssh \
 && echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
