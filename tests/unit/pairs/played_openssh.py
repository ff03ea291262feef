# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenSSH of Debian 11, 12 and 13, played: it reads its configuration, and refuses it, as the real one does.

Defaults and algorithms are recorded from the real ones (fixtures/ssh). What each version refuses was tried on them:
unknown algorithms and keywords, a second Subsystem line (before 9.5), `any` beside a list of methods (9.2), a method that
is switched off, no host key at all. What they accept although it breaks something is accepted here too.
"""

from __future__ import annotations

import base64
import fnmatch
import ipaddress
import pathlib
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .machine import Machine
from .ssh_pivoting import PORT

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures/ssh"
MAIN, FOLDER = "/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d"
VERSIONS = {
    "11": ("OpenSSH_8.4p1 Debian-5+deb11u7", "sshd-T-openssh-8.4p1-debian-11.txt"),
    "12": ("OpenSSH_9.2p1 Debian-2+deb12u10", "sshd-T-openssh-9.2p1-debian-12.txt"),
    "13": ("OpenSSH_10.0p2 Debian-7+deb13u4", "sshd-T-openssh-10.0p2-debian-13.txt"),
}
#: Keywords of which every line counts, and those that come from the fixture's own configuration.
ADDITIVE = ("hostkey", "acceptenv", "subsystem")
HOST_KEYS = tuple(f"/etc/ssh/ssh_host_{kind}_key" for kind in ("rsa", "ecdsa", "ed25519"))
LISTS = {"kexalgorithms": "kex", "ciphers": "cipher", "macs": "mac", "hostkeyalgorithms": "HostKeyAlgorithms"}
METHODS = {"publickey": "pubkeyauthentication", "password": "passwordauthentication"}


class Refused(Exception):
    """What sshd says before it ends, and with which code."""

    def __init__(self, said: str, rc: int = 255) -> None:
        super().__init__(said)
        self.rc = rc


class OpenSSH:
    """One version on one machine."""

    def __init__(self, machine: Machine, debian: str) -> None:
        self.machine, self.debian = machine, debian
        self.title, fixture = VERSIONS[debian]
        told = [line.partition(" ") for line in (FIXTURES / fixture).read_text(encoding="utf-8").splitlines()]
        self.defaults = {key: value for key, _blank, value in told if key not in ADDITIVE}
        listed = (FIXTURES / f"ssh-Q-debian-{debian}.txt").read_text(encoding="utf-8").splitlines()
        self.algorithms: dict[str, list[str]] = {}
        for kind, name in (line.split() for line in listed):
            self.algorithms.setdefault(kind, []).append(name)

    # sshd

    def sshd(self, argv: t.Sequence[str], stdin: str | None = None) -> Completed:
        """sshd -V, -t and -T."""
        if "-V" in argv:
            return Completed(0, "", f"{self.title}\n")
        arguments = list(argv)
        config = arguments[arguments.index("-f") + 1] if "-f" in arguments else MAIN
        given = (
            dict(one.split("=") for one in arguments[arguments.index("-C") + 1].split(",")) if "-C" in arguments else {}
        )
        text = "" if config == "/dev/null" else self._text(config)
        return self.answer((text,), given, dump="-T" in arguments)

    def answer(self, texts: t.Sequence[str], given: t.Mapping[str, str], *, dump: bool) -> Completed:
        """What it says to these files, read one after the other."""
        try:
            values, many = self.values(texts, given)
        except Refused as exc:
            return Completed(exc.rc, "", f"{exc}\n")
        lines = [f"{key} {value}" for key, value in values.items()]
        lines += [f"{key} {value}" for key, found in many.items() for value in found]
        return Completed(0, "\n".join(lines) + "\n" if dump else "", "")

    def shell(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        """The two pipes that put a candidate before the configuration: one is asked with -t, one with -T -C."""
        words = argv[2].replace("'", "").split()
        if stdin is None:
            return self.answer((self._text(argv[3]), self._text(argv[4])), {}, dump=False)
        given = dict(one.split("=") for one in words[words.index("-C") + 1].split(","))
        return self.answer((stdin, self._text(argv[3])), given, dump=True)

    def values(self, texts: t.Sequence[str], given: t.Mapping[str, str]) -> tuple[dict[str, str], dict[str, list[str]]]:
        """(what is in force, the keywords of which every line counts). Raises Refused."""
        inside: dict[str, str] = {}
        outside: dict[str, str] = {}
        many: dict[str, list[str]] = {key: [] for key in ADDITIVE}
        for text in texts:
            self._read(text, given, inside, outside, many)
        values = {**self.defaults, **outside, **inside}
        many["hostkey"] = many["hostkey"] or list(HOST_KEYS)
        self._whole(values, many["hostkey"])
        return values, many

    def _read(
        self,
        text: str,
        given: t.Mapping[str, str],
        inside: dict[str, str],
        outside: dict[str, str],
        many: dict[str, list[str]],
    ) -> None:
        block, fits = False, True
        for line in text.splitlines():
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            key, rest = words[0].lower(), " ".join(words[1:])
            if key == "match":
                block, fits = True, self._fits(words[1:], given)
            elif key == "include":
                for name in sorted(self.machine.root.glob(words[1].lstrip("/"))) if fits else ():
                    self._read(self._text(str(name)), given, inside, outside, many)
            elif fits:
                self._set(key, rest, inside if block else outside, many, block)
            else:
                self._known(key, rest)

    def _set(self, key: str, value: str, values: dict[str, str], many: dict[str, list[str]], block: bool) -> None:
        self._known(key, value)
        if key == "subsystem" and any(one.split()[0] == value.split()[0] for one in many[key]):
            if self.debian != "13":
                raise Refused(f"Subsystem '{value.split()[0]}' already defined.")
            return
        if key == "authenticationmethods" and value == "any" and key in values and self.debian == "12":
            raise Refused('"any" must appear alone in AuthenticationMethods')
        if key in many:
            many[key].append(value)
        elif not (block and key in LISTS):
            values.setdefault(self._name(key), value)

    def _known(self, key: str, value: str) -> None:
        if key in LISTS:
            unknown = [one for one in value.lstrip("+-^").split(",") if one not in self.algorithms[LISTS[key]]]
            if unknown:
                raise Refused(f"Bad SSH2 {key} '{value}'.")
        elif self._name(key) not in self.defaults and key not in ADDITIVE:
            raise Refused(f"Bad configuration option: {key}")

    def _name(self, key: str) -> str:
        """The name under which -T shows it; newer versions know the old names too."""
        new = {
            "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
            "challengeresponseauthentication": "kbdinteractiveauthentication",
        }
        return new[key] if key in new and self.debian != "11" else key

    def _whole(self, values: t.Mapping[str, str], keys: t.Sequence[str]) -> None:
        lists = values["authenticationmethods"].split()
        off = [one for one in lists for method in one.split(",") if values.get(METHODS.get(method, ""), "yes") == "no"]
        if lists != ["any"] and len(set(off)) == len(set(lists)):
            raise Refused("AuthenticationMethods cannot be satisfied by enabled authentication methods")
        if not any(self.machine.path(key).exists() for key in keys):
            raise Refused("sshd: no hostkeys available -- exiting.", 1)

    def _fits(self, words: t.Sequence[str], given: t.Mapping[str, str]) -> bool:
        if words == ["all"]:
            return True
        judges = {"user": _user, "address": _address}
        pairs = zip(words[::2], words[1::2])
        return bool(given) and all(judges.get(name.lower(), _never)(patterns, given) for name, patterns in pairs)

    def _text(self, path: str) -> str:
        here = path if path.startswith(str(self.machine.root)) else str(self.machine.path(path))
        return pathlib.Path(here).read_text(encoding="utf-8")

    # ssh and ssh-keygen

    def ssh(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        """ssh -Q and ssh -G; Host and Match lines are taken as met."""
        if argv[1] == "-Q":
            return Completed(0, "\n".join(self.algorithms[argv[2]]) + "\n", "")
        told = (FIXTURES / f"ssh-G-debian-{self.debian}.txt").read_text(encoding="utf-8").splitlines()
        defaults = {key: value for key, _blank, value in (line.partition(" ") for line in told)}
        defaults["hashknownhosts"] = "no"
        found: dict[str, str] = {}
        self._client(self._text(argv[2]), found)
        left_out = found.get("hostkeyalgorithms", "")
        if left_out.startswith("-"):
            kept = [one for one in defaults["hostkeyalgorithms"].split(",") if one not in left_out[1:].split(",")]
            found["hostkeyalgorithms"] = ",".join(kept)
        return Completed(0, "".join(f"{key} {value}\n" for key, value in {**defaults, **found}.items()), "")

    def _client(self, text: str, found: dict[str, str]) -> None:
        for words in (line.split() for line in text.splitlines()):
            if words and words[0] == "Include":
                for name in sorted(self.machine.root.glob(words[1].lstrip("/"))):
                    self._client(self._text(str(name)), found)
            elif len(words) > 1 and not words[0].startswith("#") and words[0] not in ("Host", "Match"):
                found.setdefault(words[0].lower(), " ".join(words[1:]))

    def keygen(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        """ssh-keygen -t TYPE -f FILE."""
        words = list(argv)
        path, kind = words[words.index("-f") + 1], words[words.index("-t") + 1]
        self.machine.write(path, public(kind, 4096), mode=0o600)
        self.machine.write(f"{path}.pub", public(kind, 4096))
        return Completed(0, "", "")

    def lay(self, config: str, drop_ins: t.Mapping[str, str], keys: t.Mapping[str, int]) -> None:
        """A machine with this sshd. keys: types of host keys and their bits."""
        machine = self.machine
        machine.write(MAIN, config)
        for name, text in drop_ins.items():
            machine.write(f"{FOLDER}/{name}", text)
        for kind, bits in keys.items():
            machine.write(f"/etc/ssh/ssh_host_{kind}_key", public(kind, bits), mode=0o600)
        machine.write("/usr/sbin/sshd", b"\0kex-strict-s-v00@openssh.com\0", mode=0o755)
        machine.write("/usr/lib/openssh/sftp-server", "", mode=0o755)
        machine.write("/run/systemd/journal/dev-log", "")
        machine.program("ssh", self.ssh)
        machine.programs.update({"sshd": self.sshd, "sh": self.shell, "ssh-keygen": self.keygen, "rm": self._rm})
        machine.programs["test"] = lambda argv, stdin: Completed(int(not machine.path(argv[2]).exists()), "", "")
        machine.programs["journalctl"] = lambda argv, stdin: Completed(0, "", "")
        title = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"
        machine.unit("ssh.service", process="sshd", title=title, sockets=[("tcp", "127.0.0.1", PORT)])

    def _rm(self, argv: t.Sequence[str], stdin: str | None) -> Completed:
        for name in argv[2:]:
            self.machine.path(name).unlink(missing_ok=True)
        return Completed(0, "", "")


def _never(patterns: str, given: t.Mapping[str, str]) -> bool:
    """Criteria that -C cannot make up a connection for."""
    return False


def _user(patterns: str, given: t.Mapping[str, str]) -> bool:
    return any(fnmatch.fnmatchcase(given["user"], one) for one in patterns.split(","))


def _address(patterns: str, given: t.Mapping[str, str]) -> bool:
    address = ipaddress.ip_address(given["addr"])
    return any(address in ipaddress.ip_network(one, strict=False) for one in patterns.split(","))


def public(kind: str, bits: int = 0) -> str:
    """The line of a .pub file; the keys open nothing, since nobody has their private halves."""
    name = {"rsa": "ssh-rsa", "ecdsa": "ecdsa-sha2-nistp256", "dsa": "ssh-dss"}.get(kind, f"ssh-{kind}")
    number = (1 << (bits - 1) | 1).to_bytes((bits + 8) // 8, "big") if bits else b"\7" * 32
    fields = (name.encode(), b"\1\0\1", number) if kind == "rsa" else (name.encode(), number)
    blob = b"".join(len(field).to_bytes(4, "big") + field for field in fields)
    return f"{name} {base64.b64encode(blob).decode()} {re.sub('[^a-z]', '', kind)}@test\n"
