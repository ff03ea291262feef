# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian machine in QEMU whose root file system is encrypted, and that Ansible reaches over SSH.

Its processor is emulated: KVM is there on few machines that run tests, and on some only seemingly. VM_ACCEL=kvm takes it.
"""

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
DISK_MIB = 512
ACCELERATOR = os.environ.get("VM_ACCEL", "tcg,thread=multi")
#: Without what is slow to emulate: tables of five levels, and machines in this one.
PROCESSOR = "max,la57=off,svm=off"
SCRIPTS = ("image", "seal.py")


def image(suite: str, cache: pathlib.Path) -> pathlib.Path:
    """The folder with the built system of a Debian suite; built once for each version of the scripts."""
    folder = cache / suite
    scripts = "".join((HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)
    mark = folder / "built-by"
    if not mark.exists() or mark.read_text(encoding="utf-8") != scripts:
        shutil.rmtree(folder, ignore_errors=True)
        env = {**os.environ, "PYTHON": sys.executable}
        subprocess.run([HERE / "image", suite, folder], check=True, stdout=sys.stderr, env=env)
        mark.write_text(scripts, encoding="utf-8")
    return folder


@dataclasses.dataclass
class Vm:
    """One machine. Its disks live in `work` and outlast a restart; the image stays as it is."""

    image: pathlib.Path
    work: pathlib.Path
    qemu: subprocess.Popen[bytes] | None = None
    starts: int = 0

    def __post_init__(self) -> None:
        self.port = _free_port()
        for name in ("vmlinuz", "initrd.img", "id_ed25519", "passphrase"):
            shutil.copy(self.image / name, self.work / name)
        base = ["-b", str(self.image / "disk.img"), "-F", "raw"]
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *base, self.work / "disk.qcow2"], check=True)
        with (self.work / "data.img").open("wb") as stream:
            stream.truncate(DISK_MIB * 1024 * 1024)

    def start(self) -> None:
        """Start it, give it the passphrase of its disk, and wait until it answers."""
        self.starts += 1
        argv = ["qemu-system-x86_64", "-machine", "q35", "-cpu", PROCESSOR, "-smp", "2", "-m", "1024"]
        argv += ["-accel", ACCELERATOR, "-display", "none", "-no-reboot", "-serial", "chardev:console"]
        argv += [
            "-chardev",
            f"socket,id=console,path={self._file('console')},server=on,wait=off,logfile={self.console}",
        ]
        argv += ["-kernel", self._file("vmlinuz"), "-initrd", self._file("initrd.img")]
        argv += [
            "-append",
            "root=/dev/mapper/root_crypt rw console=ttyS0 systemd.show_status=0 loglevel=3 mitigations=off",
        ]
        argv += ["-drive", f"file={self._file('disk.qcow2')},if=virtio,cache=unsafe"]
        argv += ["-drive", f"file={self._file('data.img')},if=virtio,format=raw,cache=unsafe"]
        argv += ["-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:22"]
        argv += ["-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci"]
        self.qemu = subprocess.Popen(argv)
        self._open()
        self._await(lambda: self._ssh("true", check=False).returncode == 0, "no answer over SSH")

    def _open(self) -> None:
        """Type the passphrase. Whoever hangs up too early takes it back; whoever stays and does not read stops the machine."""
        self._await(lambda: self._has_said(b"Please unlock disk"), "no question for the passphrase")
        with socket.socket(socket.AF_UNIX) as console:
            console.connect(self._file("console"))
            console.sendall((self.image / "passphrase").read_bytes() + b"\n")
            self._await(lambda: self._has_said(b"set up successfully"), "the passphrase does not open the disk")

    def _has_said(self, words: bytes) -> bool:
        return self.console.exists() and words in self.console.read_bytes()

    def _await(self, answer: t.Callable[[], bool], otherwise: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answer():
            assert self.qemu is not None
            assert self.qemu.poll() is None, f"qemu ended with {self.qemu.returncode}; see {self.console}"
            assert time.monotonic() < deadline, f"{otherwise}; see {self.console}"
            time.sleep(0.3)

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

    def feed(self, command: str, data: bytes) -> bytes:
        """The output of a command that is given this on its standard input."""
        return self._ssh(command, stdin=data).stdout

    def _ssh(self, script: str, *, check: bool = True, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        argv = ["ssh", *SSH_OPTIONS, "-o", "ConnectTimeout=5", "-i", self._file("id_ed25519"), "-p", str(self.port)]
        done = subprocess.run([*argv, "root@127.0.0.1", script], check=False, capture_output=True, input=stdin)
        assert not check or done.returncode == 0, f"{script}\n{done.stderr.decode(errors='replace')}"
        return done

    def _file(self, name: str) -> str:
        return str(self.work / name)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
