# A host that people and programs log in to, as each Debian brings it: sshd, and what second factors need.
ARG RELEASE
FROM infosec-base:${RELEASE}
RUN apt-get install -qq -y --no-install-recommends libpam-oath oathtool openssh-server openssh-client sudo >/dev/null \
 && apt-get clean
RUN useradd --create-home --shell /bin/bash admin \
 && install -d -m 0700 -o admin -g admin /home/admin/.ssh \
 && echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
# Who tries ten keys in a row is kept out for a while since OpenSSH 9.8, and the scenarios try more.
RUN mkdir -p /run/sshd \
 && if sshd -T | grep -q '^persourcepenalties'; then \
      echo 'PerSourcePenalties no' > /etc/ssh/sshd_config.d/90-fleet.conf; \
    fi
