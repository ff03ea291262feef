# A host whose people come from the directory, by sssd.
FROM infosec-base:12
RUN apt-get install -qq -y --no-install-recommends \
    krb5-user libnss-sss libpam-sss openssh-server sssd-krb5 sssd-ldap sssd-tools sudo >/dev/null \
 && apt-get clean
RUN useradd --create-home --shell /bin/bash admin \
 && install -d -m 0700 -o admin -g admin /home/admin/.ssh \
 && echo 'admin ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/admin
