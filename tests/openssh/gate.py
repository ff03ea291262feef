# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One sshd of Debian in a container with systemd (molecule/images/gate.Dockerfile), and who gets in."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import time
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[2]
RUN = (
    *("--env=container=docker", "--cap-add=NET_ADMIN", "--cap-add=SYS_ADMIN", "--security-opt=seccomp=unconfined"),
    *("--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw", "--tmpfs=/run", "--tmpfs=/tmp"),
)
#: Accounts and keys; ann has a password too. Penalties (since 9.8) would count the attempts of other tests.
PREPARE = """
set -e
useradd --create-home --shell /bin/bash ann
echo ann:secret | chpasswd
echo 'ann ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ann
install -d -m 0700 -o ann -g ann /home/ann/.ssh
ssh-keygen -q -t ed25519 -N '' -f /root/key
ssh-keygen -q -t rsa -b 2048 -N '' -f /root/short
cat /root/key.pub /root/short.pub > /home/ann/.ssh/authorized_keys
chown ann:ann /home/ann/.ssh/authorized_keys
printf '#!/bin/sh\\necho secret\\n' > /root/askpass
chmod 0755 /root/askpass
/usr/sbin/sshd -T 2>/dev/null | grep -q persourcepenalties && sed -i '1i PerSourcePenalties no' /etc/ssh/sshd_config
mkdir -p /opt/ansible_collections/infosec/principles
cp -a /etc/ssh /root/ssh-before
"""
RESET = """
set -e
rm -rf /etc/ssh /var/lib/infosec-principles
cp -a /root/ssh-before /etc/ssh
: > /etc/hosts.deny
rm -f /root/.ssh/known_hosts
systemctl reset-failed ssh
systemctl restart ssh
"""
SSH = "ssh -o BatchMode=yes -o StrictHostKeyChecking=no -o IdentitiesOnly=yes -i /root/key"
BY_PASSWORD = (
    "SSH_ASKPASS=/root/askpass SSH_ASKPASS_REQUIRE=force ssh -o StrictHostKeyChecking=no -o PubkeyAuthentication=no "
    "-o NumberOfPasswordPrompts=1"
)


class Gate:
    """One container. version: of its OpenSSH."""

    def __init__(self, debian: str) -> None:
        self.debian = debian
        self.name = f"openssh-traps-{os.getpid()}-{debian}"
        docker("run", "--detach", "--name", self.name, *RUN, f"infosec-gate:{debian}", "/lib/systemd/systemd")
        self._boot()
        self.do(PREPARE)
        docker("cp", f"{ROOT}/plugins", f"{self.name}:/opt/ansible_collections/infosec/principles/plugins")
        docker("cp", str(pathlib.Path(__file__).with_name("harden.py")), f"{self.name}:/opt/harden.py")

    def _boot(self) -> None:
        for _attempt in range(60):
            if self.sh("systemctl is-active ssh").stdout.strip() == "active":
                return
            time.sleep(0.5)
        raise RuntimeError(f"{self.name}: sshd does not start")

    def sh(self, script: str) -> subprocess.CompletedProcess[str]:
        """The end of a shell script in the container."""
        return docker("exec", "--interactive", self.name, "bash", "-c", script, check=False)

    def do(self, script: str) -> str:
        """What it prints; it has to end well."""
        done = self.sh(script)
        assert done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
        return done.stdout

    def write(self, path: str, text: str) -> None:
        subprocess.run(
            ["docker", "exec", "-i", self.name, "tee", path], input=text, text=True, check=True, capture_output=True
        )

    def append(self, text: str, path: str = "/etc/ssh/sshd_config") -> None:
        self.write(path, self.do(f"cat {path}") + text)

    def refuses(self) -> bool:
        """Whether sshd refuses its configuration."""
        return self.sh("/usr/sbin/sshd -t").returncode != 0

    def effective(self, user: str = "", address: str = "192.0.2.1") -> str:
        asked = f" -C user={user},host=x,addr={address},laddr=127.0.0.1,lport=22" if user else ""
        return self.do(f"/usr/sbin/sshd -T{asked}")

    def harden(self, **options: t.Any) -> dict[str, dict[str, t.Any]]:
        """The findings after one run, by rule."""
        told = self.do(f"PYTHONPATH=/opt python3 /opt/harden.py '{json.dumps(options)}'")
        return {one["rule"].partition(".")[2]: one for one in json.loads(told)}

    def undo(self) -> None:
        self.do("PYTHONPATH=/opt python3 /opt/harden.py undo")

    def enters(self, account: str = "ann", options: str = "") -> bool:
        """Whether the key lets in."""
        return self.sh(f"{SSH} {options} {account}@127.0.0.1 true").returncode == 0

    def enters_by_password(self, account: str = "ann") -> bool:
        return self.sh(f"{BY_PASSWORD} {account}@127.0.0.1 true </dev/null").returncode == 0

    def copies(self) -> bool:
        """Whether sftp works."""
        return self.sh(f"echo 'ls /' | {SSH.replace('ssh', 'sftp', 1)} -b - ann@127.0.0.1").returncode == 0


def docker(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *words], capture_output=True, text=True, check=check)
