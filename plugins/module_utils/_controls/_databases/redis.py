# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Redis and Valkey: judged by CONFIG GET and ACL LIST, narrowed by a block at the end of the configuration."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.model import (
    Needs,
    Refused,
    Server,
    Verdict,
    Wanted,
    first_line,
    grouped,
    read_own,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile, write_file
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block, redis_conf
from ansible_collections.infosec.principles.plugins.module_utils._host import addresses, sockets, units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

BLOCK = "database_exposure"
#: Server process: the product and its client program.
PRODUCTS = {"redis-server": ("Redis", "redis-cli"), "valkey-server": ("Valkey", "valkey-cli")}
CONFIGS = ("/etc/redis/*.conf", "/etc/redis.conf", "/etc/valkey/*.conf")
#: What else tells of TLS and of others that it works with. CONFIG GET takes one pattern before Redis 7.
SETTINGS = (
    *(
        "bind",
        "protected-mode",
        "port",
        "tls-port",
        "tls-cert-file",
        "tls-key-file",
        "tls-ca-cert-file",
        "tls-ca-cert-dir",
    ),
    *("tls-protocols", "tls-ciphers", "tls-auth-clients", "tls-replication", "tls-cluster", "cluster-enabled"),
)
QUESTIONS = (
    *("INFO server", "INFO replication", *(f"CONFIG GET {name}" for name in SETTINGS), "ACL LIST", "CLIENT LIST"),
)
STEPS = (
    "set a password (requirepass, or the users' in the ACL), give it to the clients, and restart them all; "
    "a password cannot be invented here without cutting them off"
)
#: Reads a configuration and stops at a port of ours after it, which is none (Redis 8 takes unknown directives for those
#: of modules, and goes on); says only where, since a line may be secret.
READS = """said=$("$1" "$2" --port infosec-principles-check 2>&1)
case $said in (*infosec-principles-check*) exit 0 ;; esac
printf '%s\\n' "$said" | grep -o 'at line [0-9]*' >&2; exit 1"""
#: The first version that keeps strangers out in protected mode although addresses are bound (its release notes).
PROTECTS_BOUND = (7, 0)


#: For an answer: in clear to a port of TLS, and the other way round, both ends wait.
SECONDS = 3.0


@dataclasses.dataclass(frozen=True)
class Answers:
    """What the server says: version, configuration file, the bound addresses, protected mode, the ACL's users.

    settings: of SETTINGS those that it has. clients: the fields of CLIENT LIST. replicated: it has replicas, or is one.
    """

    version: tuple[int, ...]
    config_file: str
    bind: str
    protected: bool
    users: tuple[str, ...]
    settings: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    clients: tuple[t.Mapping[str, str], ...] = ()
    replicated: bool = False

    @property
    def open_users(self) -> tuple[str, ...]:
        """The enabled users that need no password."""
        fields = [user.split() for user in self.users]
        return tuple(words[1] for words in fields if len(words) > 2 and "on" in words[2:] and "nopass" in words[2:])

    def keeps_strangers_out(self) -> bool:
        """Whether protected mode refuses everyone who comes from another host."""
        return self.protected and "default" in self.open_users and (self.version >= PROTECTS_BOUND or not self.bind)


@dataclasses.dataclass(frozen=True)
class Redis(Server):
    """One server. process: redis-server or valkey-server."""

    process: str = "redis-server"

    FORGETS: t.ClassVar[bool] = True

    @property
    def PRODUCT(self) -> str:  # type: ignore[override]
        return PRODUCTS[self.process][0]

    def answers(self, host: Host) -> Answers:
        """Ask the server. Raises HostError where it does not answer, or not to us."""
        said = ""
        secret = self._password(host)
        # On standard input: a command line is there for all to see.
        questions = [*([f"AUTH {redis_conf.quote(secret)}"] if secret else []), *QUESTIONS]
        stdin = "".join(f"{question}\n" for question in questions)
        for argv in self._asking(host):
            done = host.ask(*argv, stdin=stdin, timeout=SECONDS)
            if "redis_version:" in done.stdout:
                return parse(done.stdout)
            said = said or first_line(done.stdout + done.stderr)
        raise HostError(f"{self.name} does not tell its configuration: {said}")

    def _asking(self, host: Host) -> t.Iterator[tuple[str, ...]]:
        """The commands to ask it by, most likely to be answered first."""
        path = self._by_port(host)
        settings = _settings(host, path) if path else {}
        for endpoint in self.endpoints:
            argv = (PRODUCTS[self.process][1], "--no-raw", "-h", _near(endpoint.addresses), "-p", str(endpoint.port))
            secured = settings.get("tls-port") == str(endpoint.port)
            # Last in clear: the file may say what the next start brings.
            ways = (*_by_tls(settings), ()) if secured else ((),)
            yield from ((*argv, *way) for way in ways)

    def bind_evidence(self, host: Host) -> tuple[Evidence, ...]:
        answers = self.answers(host)
        return (Evidence("CONFIG GET bind", answers.bind or "(every address)"),)

    def bind_files(self, host: Host, wanted: Wanted) -> tuple[WriteFile, ...]:
        path = self.config(host)
        if "--bind" in self.unit_file(host).split():
            raise Refused(f"{self.unit} starts it with --bind, which wins over {path}; take it out there")
        text = read_own(host, path)
        setting = f"bind {' '.join(_addresses(host, wanted))}"
        return (
            write_file(host, path, marked_block.put(text, BLOCK, [setting]), sensitive=redis_conf.holds_secrets(text)),
        )

    def starts_again(self, host: Host) -> tuple[Change, ...]:
        user = host.ask("systemctl", "show", "-p", "User", "--", self.unit).stdout.partition("=")[2].strip()
        path = self.config(host)
        argv = ("runuser", "-u", user or "root", "--", "sh", "-c", READS, "sh", self.process, path)
        return (Check(f"see that {self.PRODUCT} can read {path}", argv),)

    def admission(self, host: Host, needs: Needs, *, restrict_accounts: bool = False) -> t.Iterator[Verdict]:
        answers = self.answers(host)
        exposed = [endpoint.name for endpoint in self.endpoints if endpoint.exposed]
        if not answers.open_users:
            yield Verdict(f.PASS, "every enabled user needs a password", _users(answers))
        elif not exposed:
            yield Verdict(f.PASS, "users without a password can come from this host alone", _users(answers))
        elif answers.keeps_strangers_out():
            yield Verdict(f.PASS, "protected mode refuses users without a password from other hosts", _users(answers))
        else:
            alone = all(need.declared and not need.anyone and not need.clients for need in needs.values())
            message = f"whoever reaches {', '.join(exposed)} is let in without a password"
            yield Verdict(f.FAIL, message if alone else f"{message}; {STEPS}", _users(answers), by_bind=alone)

    def config(self, host: Host) -> str:
        """The configuration file, by its port where the server does not tell."""
        try:
            told = self.answers(host).config_file
        except HostError:
            told = ""
        found = told or self._by_port(host)
        if not found:
            raise Refused("it was started without a configuration file")
        if found not in _configs(host) and found not in self.unit_file(host).split():
            # Whoever has taken the server over could name any file here.
            raise Refused(
                f"{found} is neither in its unit file nor where configurations are kept; set bind there by hand"
            )
        return found

    def unit_file(self, host: Host) -> str:
        """The text of its unit file; "" for none."""
        unit = units.show(host, self.unit) if self.unit else None
        return host.read_text(unit.fragment) if unit and unit.fragment and host.exists(unit.fragment) else ""

    def _by_port(self, host: Host) -> str:
        ports = {str(endpoint.port) for endpoint in self.endpoints}
        # Redis and Valkey beside each other have the same port in theirs: what the unit starts it with counts.
        named = self.unit_file(host).split()
        found = sorted(_configs(host), key=lambda path: path not in named)
        return next((path for path in found if ports & _ports(_settings(host, path))), "")

    def _password(self, host: Host) -> str:
        # Anybody may call a program redis-server and listen where the real one does not.
        if not self.unit.endswith(".service") or self.unit.startswith("user@"):
            return ""
        path = self._by_port(host)
        return _settings(host, path).get("requirepass", "") if path else ""


def _ports(settings: t.Mapping[str, str]) -> set[str]:
    return {settings.get("port", "6379"), settings.get("tls-port", "0")}


def _by_tls(settings: t.Mapping[str, str]) -> tuple[tuple[str, ...], ...]:
    """Options of the client for TLS. It is asked on this very host, so whose certificate it has does not matter; before
    Redis 6.2 its client wants it verified all the same."""
    own = tuple(
        word
        for option, name in (("--cert", "tls-cert-file"), ("--key", "tls-key-file"))
        if settings.get(name)
        for word in (option, settings[name])
    )
    authority = settings.get("tls-ca-cert-file")
    verified = (("--tls", "--cacert", authority, *own),) if authority else ()
    return (("--tls", "--insecure", *own), *verified)


def find(host: Host) -> t.Iterator[Redis]:
    """Every server that listens, by unit."""
    for process in PRODUCTS:
        for unit, ends in grouped(host.once(sockets.read), _runs(process)).items():
            yield Redis(unit, ends, process=process)


def _runs(process: str) -> t.Callable[[sockets.Listener], bool]:
    return lambda listener: listener.process == process


def parse(text: str) -> Answers:
    """Read what the client program prints with --no-raw for QUESTIONS."""
    info = dict(re.findall(r"^(\w+):(.*?)\r?$", text, re.MULTILINE))
    strings = [redis_conf.unquote(item) for item in re.findall(r'^\s*\d+\) ("(?:[^"\\]|\\.)*")$', text, re.MULTILINE)]
    pairs = dict(zip(strings, strings[1:]))
    version = info.get("valkey_version") or info.get("redis_version", "0")
    return Answers(
        tuple(int(part) for part in re.findall(r"\d+", version)),
        info.get("config_file", ""),
        pairs.get("bind", ""),
        pairs.get("protected-mode", "no") == "yes",
        tuple(item for item in strings if item.startswith("user ")),
        {name: pairs[name] for name in SETTINGS if name in pairs},
        tuple(dict(re.findall(r"([\w-]+)=(\S*)", line)) for line in re.findall(r"^id=\d+ .*$", text, re.MULTILINE)),
        info.get("role") == "slave" or info.get("connected_slaves", "0") != "0",
    )


def _users(answers: Answers) -> tuple[Evidence, ...]:
    found = printable(", ".join(answers.open_users)) or "none"
    protected = "yes" if answers.protected else "no"
    return (
        Evidence("ACL LIST", f"users without a password: {found}", "none"),
        Evidence("CONFIG GET protected-mode", protected),
    )


def _near(bound: tuple[str, ...]) -> str:
    """The address to ask at: loopback where it listens there."""
    if {"0.0.0.0", "127.0.0.1"} & set(bound):
        return "127.0.0.1"
    return "::1" if {"::", "::1"} & set(bound) else bound[0]


def _addresses(host: Host, wanted: Wanted) -> list[str]:
    """One setting serves all ports, so it takes what any of them needs."""
    if None in wanted.values():
        raise Refused("one of its ports stays open to all, and one setting serves all its ports")
    six = [str(own.ip) for own in host.once(addresses.read) if str(own.ip) == "::1"]
    needed = [address for found in wanted.values() for address in found or ()]
    return list(dict.fromkeys(["127.0.0.1", *six, *needed]))


def _configs(host: Host) -> list[str]:
    return [path for pattern in CONFIGS for path in host.glob(pattern)]


def _settings(host: Host, path: str) -> dict[str, str]:
    return redis_conf.effective(path, host.read_text, host.glob)
