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
SSH_OPTIONS = (
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "LogLevel=ERROR",
    "-o",
    "BatchMode=yes",
)
#: Nothing here waits without an end: what hangs is to fail with what the machine said, not with the patience of a CI.
IMAGE_SECONDS = 900
START_SECONDS = 240
ANSWER_SECONDS = 10
SCRIPT_SECONDS = 240
MODULE_SECONDS = 480
DISK_MIB = 512
#: One core for one processor: several take each other's time, on both sides, and now and then one of them waits for ever.
ACCELERATOR = os.environ.get("VM_ACCEL", "tcg,thread=single")
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
        subprocess.run([HERE / "image", suite, folder], check=True, stdout=sys.stderr, env=env, timeout=IMAGE_SECONDS)
        mark.write_text(scripts, encoding="utf-8")
    return folder


class Stuck(Exception):
    """The machine did not do in time what it was asked for."""


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
        """Start it, give it the passphrase of its disk, and wait until it answers. An emulated start that hangs is tried again."""
        try:
            self._start()
        except Stuck as error:
            print(f"tried again: {error}", file=sys.stderr)
            self.stop()
            self._start()

    def _start(self) -> None:
        self.starts += 1
        self.qemu = subprocess.Popen(self._argv())
        self._open()
        self._await(self._answers, "no answer over SSH")

    def _argv(self) -> list[str]:
        console = f"socket,id=console,path={self._file('console')},server=on,wait=off,logfile={self.console}"
        words = "root=/dev/mapper/root_crypt rw console=ttyS0 systemd.show_status=0 loglevel=3 mitigations=off"
        argv = ["qemu-system-x86_64", "-machine", "q35", "-cpu", PROCESSOR, "-smp", "1", "-m", "1024"]
        argv += [
            "-accel",
            ACCELERATOR,
            "-display",
            "none",
            "-no-reboot",
            "-chardev",
            console,
            "-serial",
            "chardev:console",
        ]
        argv += ["-kernel", self._file("vmlinuz"), "-initrd", self._file("initrd.img"), "-append", words]
        argv += ["-drive", f"file={self._file('disk.qcow2')},if=virtio,cache=unsafe"]
        argv += ["-drive", f"file={self._file('data.img')},if=virtio,format=raw,cache=unsafe"]
        argv += ["-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self.port}-:22"]
        return [*argv, "-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci"]

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
            if self.qemu.poll() is not None:
                raise Stuck(f"qemu ended with {self.qemu.returncode}; {self._said()}")
            if time.monotonic() > deadline:
                raise Stuck(f"{otherwise} for {START_SECONDS} s; {self._said()}")
            time.sleep(0.3)

    def _answers(self) -> bool:
        try:
            return self._ssh("true", seconds=ANSWER_SECONDS, check=False).returncode == 0
        except Stuck:
            return False

    def _said(self) -> str:
        """The end of what the console shows, for whoever has nothing but the log of a CI."""
        lines = self.console.read_text(errors="replace").splitlines() if self.console.exists() else []
        return "\n".join([f"the end of {self.console}:", *lines[-30:]])

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
        self._ssh("systemctl --no-block reboot", check=False)
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
        done = _ended(argv, MODULE_SECONDS, self._said, cwd=ROOT, env=env, text=True)
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

    def _ssh(
        self, script: str, *, check: bool = True, stdin: bytes = b"", seconds: int = SCRIPT_SECONDS
    ) -> subprocess.CompletedProcess[bytes]:
        argv = ["ssh", *SSH_OPTIONS, "-o", "ConnectTimeout=5", "-i", self._file("id_ed25519"), "-p", str(self.port)]
        done = _ended([*argv, "root@127.0.0.1", script], seconds, self._said, input=stdin)
        assert not check or done.returncode == 0, f"{script}\n{done.stderr.decode(errors='replace')}"
        return done

    def _file(self, name: str) -> str:
        return str(self.work / name)


def _ended(
    argv: list[str], seconds: int, said: t.Callable[[], str], **options: t.Any
) -> subprocess.CompletedProcess[t.Any]:
    """A program's result, Stuck where it has none within these seconds."""
    try:
        return subprocess.run(argv, check=False, capture_output=True, timeout=seconds, **options)
    except subprocess.TimeoutExpired as error:
        raise Stuck(f"no end after {seconds} s: {' '.join(argv)}; {said()}") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
