# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian machine in QEMU, emulated where there is no KVM, that Ansible reaches over SSH."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import typing as t

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
SSH_OPTIONS = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR")
START_SECONDS = 300
DISK_MIB = 256
#: The first that works is used; VM_ACCEL names others.
ACCELERATORS = "kvm tcg,thread=multi"


def image(suite: str, cache: pathlib.Path) -> pathlib.Path:
    """The folder with the built system of a Debian suite; built once for each version of the script."""
    folder = cache / suite
    script = (HERE / "image").read_text(encoding="utf-8")
    mark = folder / "built-by"
    if not mark.exists() or mark.read_text(encoding="utf-8") != script:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([HERE / "image", suite, folder], check=True, stdout=sys.stderr)
        mark.write_text(script, encoding="utf-8")
    return folder


@dataclasses.dataclass
class Vm:
    """One machine. Its disks live in `work` and outlast a restart; the image stays as it is."""

    image: pathlib.Path
    work: pathlib.Path
    qemu: subprocess.Popen[bytes] | None = None
    starts: int = 0
    accelerators: list[str] = dataclasses.field(
        default_factory=lambda: os.environ.get("VM_ACCEL", ACCELERATORS).split()
    )

    def __post_init__(self) -> None:
        self.port = _free_port()
        for name in ("vmlinuz", "initrd.img", "id_ed25519"):
            shutil.copy(self.image / name, self.work / name)
        base = ["-b", str(self.image / "root.ext4"), "-F", "raw"]
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *base, self.work / "root.qcow2"], check=True)
        with (self.work / "data.img").open("wb") as stream:
            stream.truncate(DISK_MIB * 1024 * 1024)

    def start(self) -> None:
        """Start it and wait until it answers. A /dev/kvm that is there and does not work makes QEMU end at once."""
        while not self._answers_with(self.accelerators[0]):
            self.accelerators.pop(0)
            assert self.accelerators, f"qemu ended with {self.qemu and self.qemu.returncode}; see {self.console}"

    def _answers_with(self, accelerator: str) -> bool:
        self.starts += 1
        argv = ["qemu-system-x86_64", "-machine", "q35", "-cpu", "max", "-smp", "2", "-m", "1024"]
        argv += ["-accel", accelerator, "-display", "none", "-no-reboot", "-serial", f"file:{self.console}"]
        argv += ["-kernel", self._file("vmlinuz"), "-initrd", self._file("initrd.img")]
        argv += ["-append", "root=/dev/vda rw console=ttyS0 systemd.show_status=0"]
        argv += ["-drive", f"file={self._file('root.qcow2')},if=virtio,cache=unsafe"]
        argv += ["-drive", f"file={self._file('data.img')},if=virtio,format=raw,cache=unsafe"]
        argv += ["-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:22"]
        argv += ["-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci"]
        self.qemu = subprocess.Popen(argv)
        return self._await_ssh(self.qemu)

    @property
    def console(self) -> pathlib.Path:
        """What the present start wrote to its console."""
        return self.work / f"console-{self.starts}.log"

    def stop(self) -> None:
        """Turn it off like a cut cable."""
        if self.qemu and self.qemu.poll() is None:
            self.qemu.kill()
            self.qemu.wait()

    def reboot(self) -> None:
        """Shut down in order, and start again with the initramfs that the machine has now."""
        name = self.run("readlink -f /boot/initrd.img* | tail -n 1").strip()
        (self.work / "initrd.img").write_bytes(self._ssh(f"cat {name}").stdout)
        self._ssh("systemctl reboot", check=False)
        assert self.qemu is not None
        self.qemu.wait(timeout=START_SECONDS)
        self.start()

    def run(self, script: str) -> str:
        """The output of a shell script that must succeed."""
        return self._ssh(f"set -eu\n{script}").stdout.decode()

    def ansible(self, module: str, *options: str, **arguments: t.Any) -> dict[str, t.Any]:
        """The result of a module, run by this environment's Ansible."""
        argv = ["ansible", "vm", "-i", str(self._inventory()), "-m", f"infosec.principles.{module}"]
        argv += ["-a", json.dumps(arguments), *options]
        env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections")}
        env |= {"ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}
        env |= {"PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"}
        done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
        _head, brace, body = done.stdout.partition("=> {")
        assert brace, done.stdout + done.stderr
        assert done.returncode == 0, done.stdout + done.stderr
        result: dict[str, t.Any] = json.loads(f"{{{body}")
        return result

    def _inventory(self) -> pathlib.Path:
        host = {
            "ansible_host": "127.0.0.1",
            "ansible_port": self.port,
            "ansible_user": "root",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_private_key_file": self._file("id_ed25519"),
            "ansible_ssh_common_args": " ".join(SSH_OPTIONS),
        }
        path = self.work / "inventory.json"
        path.write_text(json.dumps({"all": {"hosts": {"vm": host}}}), encoding="utf-8")
        return path

    def _ssh(self, script: str, *, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        argv = ["ssh", *SSH_OPTIONS, "-o", "ConnectTimeout=5", "-i", self._file("id_ed25519"), "-p", str(self.port)]
        done = subprocess.run([*argv, "root@127.0.0.1", script], check=False, capture_output=True)
        assert not check or done.returncode == 0, f"{script}\n{done.stderr.decode(errors='replace')}"
        return done

    def _await_ssh(self, qemu: subprocess.Popen[bytes]) -> bool:
        """Whether it answers; it does not where QEMU has ended."""
        deadline = time.monotonic() + START_SECONDS
        while self._ssh("true", check=False).returncode != 0:
            if qemu.poll() is not None:
                return False
            assert time.monotonic() < deadline, f"no answer over SSH; see {self.console}"
            time.sleep(0.5)
        return True

    def _file(self, name: str) -> str:
        return str(self.work / name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
