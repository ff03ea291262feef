# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the policy says of signing on, as files: the authority's keys, principals of accounts, and our drop-in."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd import drop_in
from ansible_collections.infosec.principles.plugins.module_utils._controls._sshd.drop_in import DropIn
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor._signon import authority
from ansible_collections.infosec.principles.plugins.module_utils._engine import files
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._host import sshd
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

NAME = "single_sign_on"
DROP_IN = f"{drop_in.FOLDER}/00-infosec-3-sign-on.conf"
AUTHORITIES = "/etc/ssh/infosec_user_ca.pub"
PRINCIPALS = "/etc/ssh/infosec_principals"
HEAD = """\
# Written by infosec.principles (single_sign_on); changes are lost.
# What stands under a Match line outweighs everything outside of one, and the first Match line that fits outweighs the
# others: so this holds whatever comes after it. Only AllowGroups adds up.
"""
NOTE = "# Written by infosec.principles (single_sign_on); changes are lost.\n"
#: Characters that no name of an account in a Match line or in the name of a file may have.
_UNFIT = frozenset(" \t\n,*?!/\"'#=%")


@dataclasses.dataclass(frozen=True)
class Policy:
    """The options. principals: for each account that they are declared for; all others are opened by their own name."""

    keys: tuple[str, ...]
    principals: t.Mapping[str, tuple[str, ...]]
    groups: tuple[str, ...]

    @property
    def authorities(self) -> tuple[authority.Authority, ...]:
        """The declared authorities."""
        return authority.parse("\n".join(self.keys))

    @property
    def drop_in(self) -> DropIn:
        """Our file."""
        return DropIn(NAME, DROP_IN, HEAD + "".join(f"{line}\n" for line in self._lines()))

    def _lines(self) -> t.Iterator[str]:
        everybody = [f"    TrustedUserCAKeys {AUTHORITIES}"] if self.keys else []
        everybody += [f"    AllowGroups {_quoted(group)}" for group in self.groups]
        if everybody:
            yield from ("Match all", *everybody)
        if self.keys and self.principals:
            yield f"Match User {','.join(sorted(self.principals))}"
            yield f"    AuthorizedPrincipalsFile {PRINCIPALS}/%u"
            yield "    AuthorizedPrincipalsCommand none"

    @property
    def files(self) -> dict[str, str]:
        """The text of each file that the drop-in names."""
        found = {AUTHORITIES: NOTE + "".join(f"{line.strip()}\n" for line in self.keys)} if self.keys else {}
        for account, names in self.principals.items() if self.keys else ():
            found[f"{PRINCIPALS}/{account}"] = NOTE + "".join(f"{name}\n" for name in names)
        return found


def read(options: t.Mapping[str, t.Any]) -> Policy:
    """The options as a policy."""
    principals = {account: tuple(map(str, _listed(names))) for account, names in options["principals"].items()}
    return Policy(tuple(options["user_ca_keys"]), principals, tuple(options["allow_groups"]))


def _listed(names: t.Any) -> t.Sequence[t.Any]:
    return names if isinstance(names, (list, tuple)) else [names]


def problem(policy: Policy) -> str:
    """Why this policy cannot be written; empty where it can."""
    unread = [line for line in policy.keys if len(authority.parse(line)) != 1]
    unfit = [account for account in policy.principals if not account or _UNFIT & set(account) or account[0] in ".-"]
    broken = [
        name for names in policy.principals.values() for name in names if len(name.split()) != 1 or name.startswith("#")
    ]
    if unread:
        return f"two_factor_user_ca_keys: not the one public key of a line: {unread[0][:60]!r}"
    if unfit:
        return f"principals: no name of an account: {unfit[0]!r}"
    if broken or not all(policy.principals.values()):
        return "principals: an account needs names, each of them one word"
    weak = [f"{one.told} ({one.weakness})" for one in policy.authorities if one.weakness]
    wrong = [group for group in policy.groups if not group or set(group) & set('"\n#')]
    if weak:
        return f"two_factor_user_ca_keys: too weak: {weak[0]}"
    return f"two_factor_allow_groups: no name of a group: {wrong[0]!r}" if wrong else ""


def _quoted(group: str) -> str:
    return f'"{group}"' if " " in group else group


def stale(host: Host, policy: Policy) -> bool:
    """Whether our drop-in is there and says something else than it should by now."""
    written = files.read_now(host, DROP_IN)
    return written is not None and written != policy.drop_in.text


def writes(host: Host, policy: Policy) -> list[Change]:
    """The files that the drop-in names, as far as they are not what they should be."""
    return [
        files.write_file(host, path, text) for path, text in policy.files.items() if files.read_now(host, path) != text
    ]


def names_in(text: str) -> list[str]:
    """The principals of an AuthorizedPrincipalsFile (sshd(8): options may stand before a name)."""
    lines = (line.strip() for line in text.splitlines())
    return [line.split()[-1] for line in lines if line and not line.startswith("#")]


def file_for(values: sshd.Values, name: str, home: str, uid: int) -> str:
    """The AuthorizedPrincipalsFile of an account with its tokens replaced; "" for none."""
    path = authority.path_of(values, "authorizedprincipalsfile")
    for token, text in (("%%", "\0"), ("%h", home), ("%u", name), ("%U", str(uid))):
        path = path.replace(token, text)
    path = path.replace("\0", "%")
    return path if not path or path.startswith("/") else f"{home.rstrip('/')}/{path}"
