# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Moving a unit's secrets into systemd credentials: encrypted on disk, in clear for that one service while it runs.

The program goes on reading its environment: a drop-in puts a line of shell before its commands, which exports each
credential under the variable's name and then becomes the command (exec keeps the process, so notify, forking and
sockets work as before). Sources: systemd.exec(5), "Credentials"; systemd-creds(1); systemd.service(5), "Command lines".
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials import services
from ansible_collections.infosec.principles.plugins.module_utils._engine import assignments, files, seal
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change, ChangeError
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.seal import Seal
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._formats import unit_secrets
from ansible_collections.infosec.principles.plugins.module_utils._host import homes, sockets
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.units import Unit

FOLDER = "/etc/credstore.encrypted/infosec"
#: Where the administrator's own units lie; what a package or a program wrote elsewhere is not ours to change.
OWN = "/etc/systemd/system/"
DROP_IN = "50-infosec-sealed.conf"
HEADER = (
    "# Written by infosec.principles.credential_files, which keeps these secrets encrypted; changes here are lost.\n"
)
COMMANDS = ("ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost", "ExecCondition")
#: Every credential of ours becomes the variable that it is named after; percent and dollar signs doubled for systemd.
#: In single quotes of a unit: neither those nor backslashes are in it.
_SCRIPT = (
    f'for f in "$$CREDENTIALS_DIRECTORY"/{Seal.PREFIX}*; do {{lenient}}v="$$(cat "$$f" && echo .)" || exit 1; '
    f'export "$${{{{f##*/{Seal.PREFIX}}}}}=$${{{{v%%.}}}}"; done; exec "$$@"'
)
#: An instance that was started before has no credentials, and has to be stopped all the same.
_LATER, _LENIENT = ("ExecReload", "ExecStop", "ExecStopPost"), '[ -r "$$f" ] || continue; '
#: Settings with which a shell before the program might not be there, or not be allowed.
_IN_THE_WAY = ("RootDirectory", "RootImage", "AppArmorProfile", "SELinuxContext", "NoExecPaths", "ExecPaths")
#: A unit that systemd starts again and again counts as active in between.
_STAYS = (
    'pid="$(systemctl show -p MainPID --value -- "$1")"; sleep 3; [ "$(systemctl is-active -- "$1")" = active ] && '
    '[ "$(systemctl show -p MainPID --value -- "$1")" = "$pid" ]'
)
_KILL = re.compile(r"-?(/usr)?/bin/kill\s.*")
_PREFIX = re.compile(r"([-+!]*)(/.*)", re.DOTALL)


class Refused(Exception):
    """Why the secrets cannot be sealed, and what a person does instead."""


def fix(host: Host, unit: Unit, names: t.Sequence[str], found: t.Sequence[services.VariableFile]) -> tuple[Change, ...]:
    """The changes that seal a unit's secrets, those in its environment and those in its files. Raises Refused."""
    _suits(host, unit)
    sources = _sources(host, unit, names, found)
    every = list(dict.fromkeys(name for source in sources for name in source.names))
    if len(every) != sum(len(source.names) for source in sources):
        raise Refused("a variable is set in more than one place")
    folder = f"{FOLDER}/{unit.name}"
    try:
        seals = [_sealed(host, source, folder, number) for number, source in enumerate(sources, 1)]
        drop_in = files.write_file(host, f"{OWN}{unit.name}.d/{DROP_IN}", _drop_in(host, unit, folder, every))
    except (ChangeError, OSError) as exc:
        raise Refused(str(exc)) from exc
    if drop_in.before is not None:
        raise Refused(f"{drop_in.path} is there already; see what is in it, and add the new secrets by hand")
    stays = Check(f"see that {unit.name} stays up", ("/bin/sh", "-c", _STAYS, "sh", unit.name))
    return (*seals, drop_in, Activate(unit.name, "restart", _ports(host, unit)), stays)


def _suits(host: Host, unit: Unit) -> None:
    if not host.which("systemd-creds"):
        raise Refused("this systemd has no systemd-creds (it came with 250): keep them in a file for root alone")
    if not unit.is_active or unit.kind == "oneshot":
        raise Refused("the unit does not run now, so that nobody could see whether it still starts")
    if not unit.fragment.startswith(OWN) or "@" in unit.name or unit.transient:
        raise Refused(f"its unit is not one of its own in {OWN} (a package's, a template's, or made by a program)")
    shown = host.ask("systemctl", "show", f"--property={','.join(_IN_THE_WAY)}", "--", unit.name).stdout
    hindering = [
        line for line in shown.splitlines() if line.partition("=")[0] in _IN_THE_WAY and line.partition("=")[2]
    ]
    if hindering:
        raise Refused(f"a shell before its program might not work there ({hindering[0].partition('=')[0]})")


def _sources(
    host: Host, unit: Unit, names: t.Sequence[str], found: t.Sequence[services.VariableFile]
) -> list[services.Source]:
    """Every file that the secrets are taken out of. Raises Refused where one is not ours to change."""
    try:
        own = services.sources(host, unit, names)
    except Unseen as exc:
        raise Refused(str(exc)) from exc
    missing = set(names) - {name for source in own for name in source.names}
    foreign = [source.path for source in own if not source.path.startswith(OWN)]
    if missing or foreign:
        where = f"in {foreign[0]}" if foreign else "in a way, or a place, that was not understood"
        raise Refused(f"{', '.join(sorted(missing)) or 'a secret'} is set {where}")
    shared = [one.path for one in found if len(one.users) > 1]
    if shared:
        raise Refused(f"{shared[0]} is read for other units too")
    _same(host, unit, own)
    return [*own, *(services.Source(one.real, assignments.FILE, one.names) for one in found)]


def _same(host: Host, unit: Unit, own: t.Sequence[services.Source]) -> None:
    """What the files say must be what is in force. Raises Refused."""
    told = unit_secrets.environment(unit.environment)
    for source in own:
        text = (homes.read_plain(host, source.path, services.SIZE) or b"").decode("utf-8", "surrogateescape")
        for one in assignments.find(text, source.form):
            if one.name in source.names and told.get(one.name) != one.value:
                raise Refused(f"{one.name} in {source.path} is not what is in force; systemctl daemon-reload first")


def _sealed(host: Host, source: services.Source, folder: str, number: int) -> Seal:
    return seal.plan(host, source.path, source.form, source.names, folder=folder, copy=f"{folder}/{number}.copy")


def _ports(host: Host, unit: Unit) -> tuple[tuple[str, int], ...]:
    """Where it takes connections now, and has to afterwards."""
    bound = [one for one in host.once(sockets.read) if one.unit == unit.name and one.protocol == "tcp"]
    return tuple(sorted({("127.0.0.1" if one.wildcard else one.address, one.port) for one in bound}))


# The drop-in


def _drop_in(host: Host, unit: Unit, folder: str, names: t.Sequence[str]) -> str:
    """The credentials, and each command behind a line of shell. Raises Refused."""
    load = [f"LoadCredentialEncrypted={Seal.PREFIX}{name}:{folder}/{Seal.PREFIX}{name}" for name in names]
    lines: list[str] = []
    for key, commands in _commands(host, unit).items():
        if any(not _KILL.fullmatch(command) for command in commands):
            lines += [
                f"{key}=",
                *(f"{key}={_wrapped(command, names, _LENIENT if key in _LATER else '')}" for command in commands),
            ]
    return HEADER + "\n".join(("[Service]", *load, *lines, ""))


def _wrapped(command: str, names: t.Sequence[str], lenient: str) -> str:
    if _KILL.fullmatch(command):
        return command
    match = _PREFIX.fullmatch(command)
    plain = command.replace("$$", "")
    used = next((name for name in names if re.search(rf"\$\{{?{name}\b", plain)), "")
    if not match or used or " ; " in command:
        raise Refused(
            f"one of its commands uses {used}" if used else "one of its commands is written in an unusual way"
        )
    return f"{match[1]}/bin/sh -c '{_SCRIPT.format(lenient=lenient)}' sh {match[2]}"


def _commands(host: Host, unit: Unit) -> dict[str, list[str]]:
    """The commands of the unit as its files write them; an empty one takes back those before it. Raises Refused."""
    found: dict[str, list[str]] = {}
    for path in (unit.fragment, *unit.drop_ins):
        section, text = "", (homes.read_plain(host, path, services.SIZE) or b"").decode("utf-8", "surrogateescape")
        for line in map(str.strip, text.splitlines()):
            section = line if line.startswith("[") else section
            key, equals, value = (part.strip() for part in line.partition("="))
            if section != "[Service]" or not equals or key not in COMMANDS:
                continue
            if line.endswith("\\"):
                raise Refused(f"{path} goes on with a command on the next line")
            found[key] = [*found.get(key, []), value] if value else []
    if len(found.get("ExecStart", ())) != len(unit.commands):
        raise Refused("its ExecStart is not what is in force; systemctl daemon-reload first")
    return {key: commands for key, commands in found.items() if commands}
