# A Debian that boots systemd in a container. Services start only where systemd runs, not while an image is built.
# The last line of packages is what unattended-upgrades stands on, and any installed Debian has: undo removes the package,
# and leaves it to `apt autoremove` to judge who else needs those.
ARG SYSTEM
FROM ${SYSTEM}
ENV DEBIAN_FRONTEND=noninteractive
RUN rm -f /etc/apt/apt.conf.d/docker-* \
 && printf '#!/bin/sh\ntest -d /run/systemd/system || exit 101\n' > /usr/sbin/policy-rc.d \
 && chmod 0755 /usr/sbin/policy-rc.d \
 && echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/fast \
 && apt-get update -qq \
 && apt-get install -qq -y --no-install-recommends \
    ca-certificates dbus iproute2 kmod procps python3 python3-apt systemd-sysv \
    lsb-release python3-dbus python3-distro-info ucf xz-utils >/dev/null \
 && apt-get clean
# Each machine makes an id of its own when it boots; empty, and not absent, it does not count as the first boot.
RUN : > /etc/machine-id && ln -sf /etc/machine-id /var/lib/dbus/machine-id
STOPSIGNAL SIGRTMIN+3
CMD ["/lib/systemd/systemd"]
