# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""ssh itself, as `ssh -G` tells it: known hosts hashed, no agent forwarded, nothing weak offered.

HostKeyAlgorithms is written as a list of what to leave out: a whole list would stop ssh from preferring the types that
it knows a host by (and Mozilla's has SHA-1 and lacks the newer RSA signatures). Mozilla's lists hold for ssh in both
profiles: whom it talks to is not for this host to choose.
"""

from __future__ import annotations

import dataclasses
import functools
import posixpath
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh import (
    algorithms,
    known,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block, sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing

CONFIG = "/etc/ssh/ssh_config"
FOLDER = "/etc/ssh/ssh_config.d"
DROP_IN = f"{FOLDER}/00-infosec-authentication.conf"
BLOCK = "drop-ins"
NOTE = "# Comes first; changes inside this block are lost.\n"
HEAD = """\
# Written by infosec.principles (ssh_authentication); changes are lost.
# ssh takes the first value it finds: a user's own file and the command line come before this one.
# Allowed besides: {}
"""
#: A host that no Host line means (RFC 5737); ssh -G connects to nothing.
_ANYWHERE = "192.0.2.1"
_VALIDATE = ("ssh", "-F", "{}", "-G", _ANYWHERE)
_ASKED = ("ssh", "-F", CONFIG, "-G", _ANYWHERE)
_SETTINGS = {"HashKnownHosts": "yes", "ForwardAgent": "no"}
_LISTS = {algorithms.KEX: "KexAlgorithms", algorithms.CIPHERS: "Ciphers", algorithms.MACS: "MACs"}


@dataclasses.dataclass(frozen=True)
class Client:
    """What ssh says is in force for users without a file of their own."""

    values: sshd.Values
    policy: algorithms.Policy

    def offered(self, kind: str) -> tuple[str, ...]:
        return known.split(self.values, kind)

    def faults(self) -> t.Iterator[Evidence]:
        """What is wrong, one line each."""
        for keyword, wanted in _SETTINGS.items():
            now = next(iter(self.values.get(keyword.lower(), ())), "no").lower()
            if now != wanted:
                yield Evidence("ssh -G", f"{keyword} {now}", wanted)
        for kind in (*_LISTS, algorithms.HOST_KEYS):
            weak = self.policy.weak(kind, self.offered(kind))
            if weak:
                yield Evidence("ssh -G", f"{known.KEYWORDS[kind][0]} with {', '.join(weak)}", "without")
        missing = self.policy.missing(self.offered(algorithms.KEX))
        if missing:
            yield Evidence("ssh -G", "no post-quantum key exchange", missing[0])

    def text(self, host: Host, daemon: sshd.Daemon) -> str:
        """Our file; a list is only in it where ssh would offer something weak without it."""
        own = written(host)
        lines = [f"{keyword} {value}" for keyword, value in _SETTINGS.items()]
        for kind, keyword in _LISTS.items():
            offered = self.offered(kind)
            if keyword.lower() in own or self.policy.weak(kind, offered):
                wanted = self.policy.wanted(kind, offered, functools.partial(known.names, host, daemon, kind))
                lines.append(f"{keyword} {','.join(wanted)}")
        lines += self._left_out(own)
        return self.head + "Match all\n" + "".join(f"    {line}\n" for line in lines)

    @property
    def head(self) -> str:
        """The comments at the top of our file, which hold the policy."""
        return HEAD.format(" ".join(self.policy.also) or "nothing")

    def _left_out(self, own: t.Mapping[str, str]) -> list[str]:
        weak = self.policy.weak(algorithms.HOST_KEYS, self.offered(algorithms.HOST_KEYS))
        left_out = f"-{','.join(weak)}" if weak else own.get("hostkeyalgorithms", "")
        return [f"HostKeyAlgorithms {left_out}"] if left_out else []

    def stale(self, host: Host) -> bool:
        """Whether our file was written for another policy."""
        now = files.read_now(host, DROP_IN)
        return now is not None and not now.startswith(self.head)


def written(host: Host) -> dict[str, str]:
    """What our file sets, by its keywords in lower case. Raises ChangeError."""
    lines = sshd_config.settings(DROP_IN, lambda name: files.read_now(host, name) or "", lambda pattern: ())
    return {line.keyword: " ".join(line.arguments) for line in lines}


def ahead(host: Host) -> None:
    """Have ssh asked while sshd is looked at."""
    host.ahead(*_ASKED)


def read(host: Host, policy: algorithms.Policy) -> Client | None:
    """Ask ssh; None where there is none. Raises HostError with what it says."""
    if not host.which("ssh"):
        return None
    told = host.ask(*_ASKED)
    if told.rc != 0:
        raise HostError(f"ssh -G: {sshd.complaint(told.stderr) or f'ended with {told.rc}'}")
    return Client(sshd.values(told.stdout), dataclasses.replace(policy, profile=algorithms.MOZILLA, client=True))


def changes(host: Host, text: str) -> tuple[Change, ...]:
    """Our file, and a block that includes it where the configuration would read it too late. Raises ChangeError."""
    found: list[Change] = []
    if files.read_now(host, DROP_IN) != text:
        found.append(files.write_file(host, DROP_IN, text, validate=_VALIDATE))
    if not _comes_first(host):
        _before, old, _after = marked_block.split(_text(host, CONFIG), BLOCK)
        new = marked_block.put("", BLOCK, [f"Include {DROP_IN}"], note=NOTE)
        found += [files.edit_file(host, CONFIG, old, new, validate=_VALIDATE)] if old != new else []
    return tuple(found)


def _comes_first(host: Host) -> bool:
    """Whether the first thing that ssh reads is the folder of our file."""
    for setting in sshd_config.settings(CONFIG, lambda name: _text(host, name), lambda pattern: ()):
        names = [posixpath.join(sshd_config.FOLDER, pattern) for pattern in setting.arguments]
        return (
            setting.keyword == "include"
            and not setting.under
            and any(name in names for name in (DROP_IN, f"{FOLDER}/*.conf"))
        )
    return False


def _text(host: Host, name: str) -> str:
    try:
        return host.read_text(name)
    except Missing:
        return ""
