# The one machine that people log in to, with Debian 13's way of remembering it (wtmpdb, lastlog2, journal).
FROM infosec-base:13
RUN apt-get install -qq -y --no-install-recommends \
    libpam-lastlog2 libpam-wtmpdb openssh-server sudo wtmpdb >/dev/null \
 && apt-get clean
RUN useradd --create-home --shell /bin/bash admin \
 && install -d -m 0700 -o admin -g admin /home/admin/.ssh \
 && echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
