# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Before sshd is changed: whether the new configuration still lets in the connection that carries this run.

sshd itself is asked what would be in force for it (`sshd -T -C`, the candidate before everything else).
"""

from __future__ import annotations

import dataclasses
import shlex
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd.drop_in import DropIn
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import authorized_keys, ssh_keys, sshd_config
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, connection, homes, login, sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.sshd_state import State

SOURCE = "SSH connection of this run"
AUTHORIZED_BYTES = 8 * 1024 * 1024
#: The keyword that has to say yes for a method, by the names of all versions.
_SWITCHES = {
    "publickey": ("pubkeyauthentication",),
    "password": ("passwordauthentication",),
    "keyboard-interactive": ("kbdinteractiveauthentication", "challengeresponseauthentication"),
    "hostbased": ("hostbasedauthentication",),
    "gssapi-with-mic": ("gssapiauthentication",),
}
#: What sshd's log calls a key, and the signature algorithms that will do for it.
_ALGORITHMS = {
    "ED25519": ("ssh-ed25519",),
    "RSA": ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"),
    "DSA": ("ssh-dss",),
    "ECDSA": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    "ED25519-SK": ("sk-ssh-ed25519@openssh.com",),
    "ECDSA-SK": ("sk-ecdsa-sha2-nistp256@openssh.com",),
    "ED25519-CERT": ("ssh-ed25519-cert-v01@openssh.com",),
    "RSA-CERT": ("rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com"),
}
_ACCEPTED = ("pubkeyacceptedalgorithms", "pubkeyacceptedkeytypes")


@dataclasses.dataclass(frozen=True)
class _Case:
    """A login as it was made, and what would be in force for the next one like it.

    bits: of an RSA key, else 0. groups: those that the account is in.
    """

    made: login.Login
    values: sshd.Values
    peer: str
    bits: int
    groups: frozenset[str] = frozenset()

    def value(self, *keywords: str) -> str:
        return next((self.values[keyword][0].lower() for keyword in keywords if self.values.get(keyword)), "")


def refusal(host: Host, state: State, candidate: DropIn) -> Evidence | None:
    """Why the candidate must not be put in force, since it would shut out the connection of this run; else None.

    Also None for a run without a connection, and where no log tells how it logged in: then the guard alone decides.
    Raises HostError where sshd refuses the candidate.
    """
    own, made = host.once(connection.read), host.once(login.read)
    if own is None or made is None or not _arrives(state, own):
        return None
    values = foretold(host, state, candidate, _specification(made.account, own))
    case = _Case(made, values, own.peer, _bits(host, made), groups_of(host, made.account))
    why = next(filter(None, (judge(case) for judge in _JUDGES)), "")
    if not why:
        return None
    remedy = f"Log in so that this would be allowed, then run again: {why}. allow_self_cutoff overrides this."
    return Evidence(SOURCE, f"{made.account} logged in by {', '.join(made.methods)}, and {why}", remedy)


def takes_keys(host: Host, values: sshd.Values, name: str) -> bool:
    """Whether these settings let the account in by a key, from some address that they do not name."""
    by_group = "allowgroups" in values or "denygroups" in values
    groups = groups_of(host, name) if by_group else frozenset[str]()
    case = _Case(login.Login(name, ("publickey",)), values, "", 0, groups)
    return not any(judge(case) for judge in (_root, _switched_off, _listed, _grouped))


def _arrives(state: State, own: connection.Connection) -> bool:
    """Whether the connection came in by this sshd (by any, where its ports are not known)."""
    ports = {port for _address, port in state.daemon.listening}
    return not ports or own.local_port in ports


def _specification(account: str, own: connection.Connection) -> str:
    local = f"laddr={own.local.partition('%')[0]},lport={own.local_port}"
    peer = own.peer.partition("%")[0]
    return f"user={account},host={peer},addr={peer},{local}"


def foretold(host: Host, state: State, candidate: DropIn, specification: str) -> sshd.Values:
    """What would be in force for a connection with the candidate before all else. Raises HostError.

    sshd reads the candidate from a folder in /run that is gone when it has answered.
    """
    argv = sshd.asking(host, state.daemon, "-T", "-C", specification, config="/dev/stdin")
    # mktemp makes $d of letters alone, and all else that is not ours comes as an argument or quoted.
    told = (
        'd=$(mktemp -d /run/infosec-principles.XXXXXX) && trap "rm -rf $d" EXIT && cat >"$d/candidate" && '
        'printf "Include %s\\nInclude %s\\n" "$d/candidate" "$0" | '
    )
    line = told + " ".join(shlex.quote(word) for word in argv)
    done = host.run(("sh", "-c", line, state.daemon.config), stdin=candidate.text)
    if done.rc != 0:
        raise HostError(f"{candidate.path}: sshd refuses the new configuration: {sshd.complaint(done.stderr)}")
    return sshd.values(done.stdout)


def _bits(host: Host, made: login.Login) -> int:
    """The size of the RSA key that was used, as far as the account's authorized_keys holds it; else 0."""
    account = next((one for one in host.once(accounts.read) if one.name == made.account), None)
    if account is None or made.algorithm != "RSA":
        return 0
    for name in (".ssh/authorized_keys", ".ssh/authorized_keys2"):
        for entry in _entries(host, f"{account.home}/{name}"):
            if ssh_keys.fingerprint(entry.public) == made.fingerprint:
                return ssh_keys.bits(entry.public)
    return 0


def groups_of(host: Host, name: str) -> frozenset[str]:
    """The groups that an account is in, also those of a directory that does not list them."""
    told = host.ask("id", "-Gnz", "--", name)
    if told.rc == 0:
        return frozenset(filter(None, told.stdout.split("\0")))
    gids = {one.gid for one in host.once(accounts.read) if one.name == name}
    return frozenset(one.name for one in host.once(accounts.groups) if one.gid in gids or name in one.members)


def _entries(host: Host, path: str) -> t.Iterator[authorized_keys.Entry]:
    try:
        data = homes.read_plain(host, path, AUTHORIZED_BYTES) or b""
    except homes.Unseen:
        data = b""
    return authorized_keys.parse(data.decode("utf-8", "surrogateescape"))


# What could shut it out: each says why, or ""


def _root(case: _Case) -> str:
    allowed = case.value("permitrootlogin")
    by_key = "publickey" in case.made.methods
    if (
        case.made.account != "root"
        or allowed == "yes"
        or (allowed in ("prohibit-password", "without-password") and by_key)
    ):
        return ""
    return f"PermitRootLogin would be {allowed}"


def _switched_off(case: _Case) -> str:
    known = {method: _SWITCHES[method] for method in case.made.methods if method in _SWITCHES}
    off = [method for method, keywords in known.items() if case.value(*keywords) == "no"]
    return f"{off[0]} would be switched off" if off else ""


def _methods(case: _Case) -> str:
    lists = " ".join(case.values.get("authenticationmethods", ())).split()
    plain = [{method.partition(":")[0] for method in one.split(",")} for one in lists]
    if not lists or "any" in lists or any(one <= set(case.made.methods) for one in plain):
        return ""
    return f"AuthenticationMethods would want {' or '.join(lists)}"


def _algorithm(case: _Case) -> str:
    accepted = case.value(*_ACCEPTED)
    wanted = _ALGORITHMS.get(case.made.algorithm, ())
    if not accepted or not wanted or any(sshd_config.matches(accepted, name) for name in wanted):
        return ""
    return f"no signature of a key of type {case.made.algorithm} would be accepted"


def _size(case: _Case) -> str:
    floor = case.value("requiredrsasize")
    if not floor.isdecimal() or not 0 < case.bits < int(floor):
        return ""
    return f"RequiredRSASize would be {floor}, and its key has {case.bits} bits"


def _listed(case: _Case) -> str:
    allowed = " ".join(case.values.get("allowusers", ())).split()
    denied = " ".join(case.values.get("denyusers", ())).split()
    if any(_means(pattern, case) for pattern in denied):
        return "DenyUsers would name it"
    if allowed and not any(_means(pattern, case) for pattern in allowed):
        return "AllowUsers would not name it"
    return ""


def _grouped(case: _Case) -> str:
    """auth.c, allowed_user: each line of `sshd -T` is one group, whose name may have blanks."""
    if any(sshd_config.matches(one, name) for one in case.values.get("denygroups", ()) for name in case.groups):
        return "DenyGroups would name a group that it is in"
    allowed = case.values.get("allowgroups", ())
    if allowed and not any(sshd_config.matches(one, name) for one in allowed for name in case.groups):
        return f"AllowGroups would name none of its groups ({', '.join(sorted(case.groups)) or 'none'})"
    return ""


def _means(pattern: str, case: _Case) -> bool:
    """match.c, match_user: USER or USER@HOST."""
    name, at, source = pattern.rpartition("@")
    if not at:
        return sshd_config.matches(pattern, case.made.account)
    return sshd_config.matches(name, case.made.account) and sshd_config.matches_address(source, case.peer)


_JUDGES: tuple[t.Callable[[_Case], str], ...] = (_root, _switched_off, _methods, _algorithm, _size, _listed, _grouped)
