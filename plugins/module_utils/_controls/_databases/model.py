# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the control knows of a database server, whatever its product is."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.need import Need
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import EditFile, WriteFile, read_now
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: First line of every file that is ours.
HEADER = "# Written by infosec.principles.database_exposure from the register of services; changes here are lost.\n"

Port = tuple[int, str]
#: For each port of a server: who needs it.
Needs = t.Mapping[Port, Need]
#: For each port: the addresses to listen on besides loopback; None where it has to be every address.
Wanted = t.Mapping[Port, t.Optional[tuple[str, ...]]]


class Refused(Exception):
    """Why there is no safe fix, and what a person does instead."""


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """One port of a server and every address that it listens on there."""

    port: int
    protocol: str
    addresses: tuple[str, ...]

    @property
    def key(self) -> Port:
        """What the register knows it by."""
        return (self.port, self.protocol)

    @property
    def name(self) -> str:
        """As in the register: 5432/tcp."""
        return f"{self.port}/{self.protocol}"

    @property
    def exposed(self) -> tuple[str, ...]:
        """The addresses that other hosts can reach."""
        return tuple(address for address in self.addresses if not sockets.is_loopback(address))

    def answers_at(self, address: str) -> bool:
        """Whether it listens at this address of the host (a socket on [::] takes IPv4 as well)."""
        everywhere = {"::"} if ":" in address else {"::", "0.0.0.0"}
        return bool({address, *everywhere} & set(self.addresses))


@dataclasses.dataclass(frozen=True)
class Verdict:
    """What a product says of one rule: `about` tells several verdicts on one server apart ("" for the first).

    fix: its own changes. by_bind: put right by narrowing the addresses, so it shares that fix.
    """

    status: str
    message: str
    evidence: tuple[Evidence, ...] = ()
    fix: tuple[Change, ...] = ()
    by_bind: bool = False
    about: str = ""


@dataclasses.dataclass(frozen=True)
class Server:
    """One running database server. Products subclass it.

    unit: the systemd unit ("" for none).
    """

    unit: str
    endpoints: tuple[Endpoint, ...]

    #: The product's name.
    PRODUCT: t.ClassVar[str] = ""
    #: A restart loses what it holds in memory.
    FORGETS: t.ClassVar[bool] = False

    @property
    def name(self) -> str:
        """What a finding is about: the unit, else the product."""
        return self.unit or self.PRODUCT

    def bind_evidence(self, host: Host) -> tuple[Evidence, ...]:
        """Where the server's own configuration says what it listens on."""
        return ()

    def bind_files(self, host: Host, wanted: Wanted) -> tuple[WriteFile, ...]:
        """The files as they have to be for it to listen so after a restart. Raises Refused or HostError."""
        raise Refused(f"there is no automatic change for {self.PRODUCT}")

    def starts_again(self, host: Host) -> tuple[Change, ...]:
        """What to see before a restart: that the server would not stay down over what else its files say by now."""
        return ()

    def admission(self, host: Host, needs: Needs, *, restrict_accounts: bool = False) -> t.Iterator[Verdict]:
        """Whom it lets in. `restrict_accounts`: a fix may narrow accounts. Raises HostError where it cannot be read."""
        raise NotImplementedError


def grouped(
    listeners: t.Iterable[sockets.Listener], belongs: t.Callable[[sockets.Listener], bool]
) -> dict[str, tuple[Endpoint, ...]]:
    """The endpoints of a product's listeners, by unit ("" for those without)."""
    units: dict[str, list[sockets.Listener]] = {}
    for listener in listeners:
        if listener.holder == sockets.PROCESS and belongs(listener) and not listener.published_by:
            units.setdefault(listener.unit, []).append(listener)
    return {unit: endpoints(found) for unit, found in sorted(units.items())}


def endpoints(listeners: t.Iterable[sockets.Listener]) -> tuple[Endpoint, ...]:
    """Listeners by port."""
    ports: dict[Port, list[str]] = {}
    for listener in listeners:
        ports.setdefault((listener.port, listener.protocol), []).append(listener.address)
    return tuple(Endpoint(*key, tuple(dict.fromkeys(found))) for key, found in sorted(ports.items()))


def read_own(host: Host, path: str) -> str:
    """The text that `write_file` will find. Never through a link: the server's user owns the folder, and could swap one
    in to have root copy what only root may read."""
    text = read_now(host, path)
    if text is None:
        raise Refused(f"{path}: no such file")
    return text


def as_passage(plan: WriteFile) -> Change:
    """The same as an edit of one passage where it puts a block of ours into somebody else's file: other fixes of a run
    edit that too, and each can be taken back by itself."""
    # Only what is about to be changed needs it.
    from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit, passages

    before, after = plan.before or "", plan.after
    if "# BEGIN infosec.principles " not in after or not before.endswith("\n"):
        return plan
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    # Behind the last line there is nothing to stand before.
    head -= head == len(old)
    start, end = (sum(map(len, old[:at])) for at in (head, len(old) - tail))
    try:
        ((was, becomes),) = passages(before, [Edit(start, end, "".join(new[head : len(new) - tail]))])
    except ValueError:
        return plan
    return EditFile(plan.path, was, becomes, plan.validate, plan.sensitive)


def _common(one: t.Sequence[str], other: t.Sequence[str]) -> int:
    """How many lines they have in common from the beginning."""
    return next((at for at, pair in enumerate(zip(one, other)) if pair[0] != pair[1]), min(len(one), len(other)))


def first_line(text: str) -> str:
    """What a program said, in one line for a message."""
    return printable(next(iter(text.strip().splitlines()), "no answer"))
