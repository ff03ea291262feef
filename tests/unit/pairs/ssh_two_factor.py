# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of ssh_two_factor: Debian's and Red Hat's PAM files, and a played sshd that tells users and addresses apart."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import shlex
import socket
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._people import Automation
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._second import policy
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .case import Case
from .machine import Machine

ANSWERING = socket.create_server(("127.0.0.1", 0))
PORT: int = ANSWERING.getsockname()[1]

MAIN, PAM, OATH_FILE = "/etc/ssh/sshd_config", "/etc/pam.d/sshd", "/etc/users.oath"
DEBIAN = "Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\nUsePAM yes\n"
DEFAULTS = {
    "usepam": "no",
    "pubkeyauthentication": "yes",
    "passwordauthentication": "yes",
    "kbdinteractiveauthentication": "yes",
    "permitrootlogin": "no",
    "authenticationmethods": "any",
    "authorizedkeysfile": ".ssh/authorized_keys",
    "pubkeyauthoptions": "none",
    "pubkeyacceptedalgorithms": "ssh-ed25519,sk-ssh-ed25519@openssh.com,rsa-sha2-512",
}
#: Keys made for this test; nobody has their other halves.
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOqDenmBBnZtIIUZxc/NxOdBY1hIikRgrdqLYNn/JKTs ann@laptop\n"
SECURITY_KEY = (
    "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIOqDenmBBnZtIIUZxc/NxOdBY1hIikRgrdqLYNn/JK"
    "TsAAAABHNzaDo= ann@token\n"
)
SECRET = "00112233445566778899aabbccddeeff00112233"
ENROLLED = f"HOTP/T30/6 ann - {SECRET}\n"
SERVICE = "# PAM of sshd\n@include common-auth\naccount required pam_nologin.so\n"
COMMON = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n"
RED_HAT = "#%PAM-1.0\nauth       substack     password-auth\nauth       include      postlogin\n"
PASSWORD_AUTH = (
    "auth required pam_env.so\nauth required pam_faildelay.so delay=2000000\n"
    "auth sufficient pam_unix.so nullok\nauth required pam_deny.so\n"
)
SECOND = "auth requisite pam_oath.so usersfile=/etc/users.oath digits=6 window=20\n"
#: Those of PAM itself, and those of second factors.
PLAIN = ("pam_unix", "pam_deny", "pam_permit", "pam_env", "pam_faildelay")
ORDINARY = (*PLAIN, "pam_oath", "pam_google_authenticator", "pam_duo")


@dataclasses.dataclass(frozen=True)
class Laid:
    """What differs from a Debian with sshd, ann who has a key, and pam_oath. files: more of them, or others."""

    config: str = DEBIAN
    files: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    modules: t.Sequence[str] = ORDINARY
    version: str = "9.2p1"
    keys: t.Mapping[str, str] = dataclasses.field(default_factory=lambda: {"ann": KEY})
    modes: t.Mapping[str, int] = dataclasses.field(default_factory=dict)
    family: str = "debian"

    def __call__(self, machine: Machine) -> None:
        names = ("ann", "deploy", "breakglass")
        lines = [f"{name}:x:{1000 + at}:{1000 + at}::/home/{name}:/bin/sh" for at, name in enumerate(names)]
        machine.write("/etc/passwd", "\n".join(["root:x:0:0::/root:/bin/sh", *lines, ""]))
        machine.write("/etc/shadow", "".join(f"{name}:*:19000::::::\n" for name in ("root", *names)))
        machine.write("/etc/group", "root:x:0:\nann:x:1000:\n")
        machine.write("/etc/os-release", f"ID={self.family}\n")
        files = {MAIN: self.config, PAM: SERVICE, "/etc/pam.d/common-auth": COMMON, **self.files}
        for name, text in files.items():
            machine.write(name, text, mode=self.modes.get(name, 0o600 if name == OATH_FILE else 0o644))
        for name, text in self.keys.items():
            machine.write(f"/home/{name}/.ssh/authorized_keys", text, mode=0o600)
        for name in self.modules:
            machine.write(f"/usr/lib/x86_64-linux-gnu/security/{name}.so", "")
        self._play(machine)

    def _play(self, machine: Machine) -> None:
        machine.programs["sshd"] = lambda argv, stdin: play(machine, argv, self.version)
        machine.programs["sh"] = lambda argv, stdin: with_candidate(machine, argv, stdin)
        machine.programs["test"] = lambda argv, stdin: Completed(0 if os.path.exists(argv[2]) else 1, "", "")
        machine.programs["install"] = lambda argv, stdin: install(machine, argv[1])
        machine.programs["remove"] = lambda argv, stdin: remove(machine, argv[1])
        title = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"
        machine.unit("ssh.service", process="sshd", title=title, sockets=[("tcp", "127.0.0.1", PORT)])


def install(machine: Machine, package: str) -> Completed:
    """What the controller does: the package brings its module."""
    machine.write(module_of(package), "")
    return Completed(0, "", "")


def remove(machine: Machine, package: str) -> Completed:
    machine.path(module_of(package)).unlink()
    return Completed(0, "", "")


def module_of(package: str) -> str:
    return f"/usr/lib/x86_64-linux-gnu/security/{package.replace('lib', '', 1).replace('-', '_')}.so"


# The played sshd


def play(machine: Machine, argv: t.Sequence[str], version: str = "9.2p1", candidate: str = "") -> Completed:
    if "-V" in argv:
        return Completed(0, "", f"OpenSSH_{version} Debian-2\n")
    if "-T" not in argv:
        return Completed(0, "", "")
    fields = dict(field.split("=") for field in argv[argv.index("-C") + 1].split(","))
    inside: dict[str, str] = {}
    outside: dict[str, str] = {}
    take(machine, candidate.splitlines(), fields, inside, outside)
    take(machine, lines(machine, MAIN), fields, inside, outside)
    values = {**DEFAULTS, **outside, **inside}
    return Completed(0, "".join(f"{keyword} {value}\n" for keyword, value in values.items()), "")


def with_candidate(machine: Machine, argv: t.Sequence[str], stdin: str | None) -> Completed:
    """What asks sshd with another file before its own; anything else that is given to a shell goes well."""
    words = shlex.split(argv[2])
    if "-T" not in words:
        return Completed(0, "", "")
    return play(machine, words, candidate=stdin or "")


def lines(machine: Machine, name: str) -> list[str]:
    return machine.path(name).read_text(encoding="utf-8").splitlines()


def take(
    machine: Machine,
    text: t.Sequence[str],
    fields: t.Mapping[str, str],
    inside: dict[str, str],
    outside: dict[str, str],
) -> None:
    """The first value counts; inside of Match lines that fit, and outside of any."""
    block, fits = False, True
    for words in (line.split() for line in text):
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "Include" and fits:
            for path in sorted(machine.root.glob(words[1].lstrip("/"))):
                take(machine, lines(machine, str(path.relative_to(machine.root))), fields, inside, outside)
        elif words[0] == "Match":
            block, fits = True, meets(words[1:], fields)
        elif fits:
            (inside if block else outside).setdefault(words[0].lower(), " ".join(words[1:]))


def meets(words: t.Sequence[str], fields: t.Mapping[str, str]) -> bool:
    if words == ["all"]:
        return True
    address = ipaddress.ip_address(fields["addr"])
    criteria = dict(zip(words[::2], words[1::2]))
    named = fields["user"] in criteria.get("User", fields["user"]).split(",")
    networks = criteria.get("Address", "0.0.0.0/0").split(",")
    return named and any(address in ipaddress.ip_network(one) for one in networks)


# Cases


def ours(*more: str, version: tuple[int, int] = (9, 2), method: str = "oath", **exceptions: t.Any) -> str:
    """Our file with these exceptions."""
    fields = {"automation": (), "rescue": policy.Rescue("", (), "x"), "grace": (), "security_keys": (), **exceptions}
    return policy.drop_in(policy.Policy(method=method, **fields), version).text


RESCUED = {"rescue": {"console": "serial console, by the hoster's site"}}
KEYED = {"ann": KEY, "deploy": KEY, "breakglass": KEY}
DECLARED = {
    "automation": [{"name": "deploy", "from": ["198.51.100.5"]}],
    "rescue": {"account": "breakglass", "from": ["198.51.100.64/28"]},
}
WRITTEN_TO = {policy.PATH: ours(), PAM: SERVICE.replace("@include common-auth\n", SECOND), OATH_FILE: ENROLLED}
ENROL = {OATH_FILE: ENROLLED}

OPEN = frozenset({"people", "pam_second_factor"})
ENROLMENT, RESCUE = frozenset({"enrolment"}), frozenset({"rescue"})
AUTOMATION, SECRETS, REPLAY, WRITTEN = (frozenset({name}) for name in ("automation", "secrets", "replay", "written"))
GOOGLE = "/home/ann/.google_authenticator"
GOOGLE_TEXT = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP\n" TOTP_AUTH\n" DISALLOW_REUSE\n'

CASES = (
    Case("as Debian comes", Laid(), fails=OPEN | ENROLMENT | RESCUE, passes=REPLAY),
    Case(
        "everybody has enrolled",
        Laid(files=ENROL),
        RESCUED,
        fails=OPEN,
        passes=ENROLMENT | RESCUE | SECRETS,
        fixed=OPEN,
    ),
    Case("the module is missing", Laid(files=ENROL, modules=PLAIN), RESCUED, fails=OPEN, fixed=OPEN),
    Case("no rescue path", Laid(files=ENROL), fails=OPEN | RESCUE, passes=ENROLMENT),
    Case(
        "programs and a rescue account",
        Laid(files=ENROL, keys=KEYED),
        DECLARED,
        fails=OPEN | AUTOMATION,
        fixed=OPEN | AUTOMATION,
        passes=RESCUE,
    ),
    Case(
        "a program without an address",
        Laid(files=ENROL, keys=KEYED),
        {**DECLARED, "automation": [{"name": "deploy"}]},
        fails=OPEN | AUTOMATION,
        passes=RESCUE,
    ),
    Case(
        "grace that has ended",
        Laid(),
        {**RESCUED, "method": "oath", "grace": [{"name": "ann", "until": "2026-11-23"}]},
        fails=OPEN | ENROLMENT,
    ),
    Case(
        "put right by this control",
        Laid(files=WRITTEN_TO),
        RESCUED,
        passes=OPEN | ENROLMENT | RESCUE | SECRETS | WRITTEN,
    ),
    Case(
        "put right for programs",
        Laid(
            files={
                **WRITTEN_TO,
                policy.PATH: ours(
                    automation=(Automation("deploy", ("198.51.100.5",), ""),),
                    rescue=policy.Rescue("breakglass", ("198.51.100.64/28",), ""),
                ),
            },
            keys=KEYED,
        ),
        DECLARED,
        passes=OPEN | ENROLMENT | RESCUE | AUTOMATION | WRITTEN,
    ),
    Case(
        "a program comes from elsewhere by now",
        Laid(files=WRITTEN_TO, keys=KEYED),
        DECLARED,
        fails=WRITTEN,
        fixed=WRITTEN,
    ),
    Case(
        "Red Hat",
        Laid(
            files={
                **ENROL,
                PAM: RED_HAT,
                "/etc/pam.d/password-auth": PASSWORD_AUTH,
                "/etc/pam.d/postlogin": "session optional pam_umask.so\n",
            },
            family="rhel",
        ),
        RESCUED,
        fails=OPEN,
        fixed=OPEN,
    ),
    Case("OpenSSH of Debian 11", Laid(files=ENROL, version="8.4p1"), RESCUED, fails=OPEN, fixed=OPEN),
    Case(
        "a password after the key",
        Laid(DEBIAN.replace("no", "yes", 1) + "AuthenticationMethods publickey,keyboard-interactive\n", ENROL),
        RESCUED,
        fails=frozenset({"pam_second_factor"}),
        fixed=frozenset({"pam_second_factor"}),
        passes=frozenset({"people"}),
    ),
    Case(
        "two keys",
        Laid("AuthenticationMethods publickey,publickey\n" + DEBIAN, ENROL),
        RESCUED,
        fails=frozenset({"people"}),
        fixed=frozenset({"people"}),
    ),
    Case(
        "security keys",
        Laid(keys={"ann": SECURITY_KEY}),
        {**RESCUED, "method": "fido2"},
        fails=OPEN,
        fixed=OPEN,
        passes=ENROLMENT,
    ),
    Case(
        "security keys, put right",
        Laid(files={policy.PATH: ours(method="fido2")}, keys={"ann": SECURITY_KEY}),
        {**RESCUED, "method": "fido2"},
        passes=frozenset({"people"}) | ENROLMENT | WRITTEN,
    ),
    Case(
        "codes for everybody to read",
        Laid(files=WRITTEN_TO, modes={OATH_FILE: 0o644}),
        RESCUED,
        fails=SECRETS,
        fixed=SECRETS,
        passes=OPEN,
    ),
    Case(
        "codes that do twice",
        Laid(files={GOOGLE: GOOGLE_TEXT.replace('" DISALLOW_REUSE\n', "")}, modes={GOOGLE: 0o400}),
        fails=OPEN | RESCUE | REPLAY,
        passes=ENROLMENT,
    ),
    Case(
        "google-authenticator",
        Laid(files={GOOGLE: GOOGLE_TEXT}, modes={GOOGLE: 0o400}),
        RESCUED,
        fails=OPEN,
        fixed=OPEN,
        passes=ENROLMENT | REPLAY | SECRETS,
    ),
    Case(
        "a line that somebody edited",
        Laid(files={**WRITTEN_TO, policy.PATH: ours() + "# edited\n"}),
        RESCUED,
        fails=WRITTEN,
        fixed=WRITTEN,
        passes=OPEN,
    ),
    Case("no sshd", lambda machine: machine.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n")),
)
