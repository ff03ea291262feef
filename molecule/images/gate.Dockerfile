# A host that people and programs log in to, as each Debian brings it: sshd, and what second factors need.
ARG RELEASE
FROM infosec-base:${RELEASE}
RUN apt-get install -qq -y --no-install-recommends libpam-oath oathtool openssh-server openssh-client sudo >/dev/null \
 && apt-get clean
RUN useradd --create-home --shell /bin/bash admin \
 && install -d -m 0700 -o admin -g admin /home/admin/.ssh \
 && echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
