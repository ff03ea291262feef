# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Programs that listen, and that no unit starts again: from a shell, nohup, screen, a user's own systemd."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._host import processes, sockets, units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.sockets import Listener

UNIT = rule(
    "unit",
    "What listens is run by a unit",
    "high",
    "Write a unit for the program, enable it, stop the program that was started by hand and start the unit.",
)
RULES = (UNIT,)
OPTIONS: dict[str, dict[str, t.Any]] = {}
#: Units in whose cgroup programs stay that somebody started through them: logins and jobs.
CARRIERS = re.compile(
    r"(?:sshd?|dropbear|crond?|atd|anacron|(?:console-|serial-|container-)?getty|rc-local)(?:@.*)?\.service"
)
#: sshd listens for what a session forwards; that ends with the session, boot or no boot.
FORWARDS = ("sshd", "sshd-session", "ssh", "dropbear")
LINGER = "/var/lib/systemd/linger"
_SECRET = re.compile(
    r"(?i)(?P<name>-{0,2}[\w.-]*(?:passw|pwd|secret|token|api.?key|credential)[\w.-]*)(?P<value>[=:].+)?"
)


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """One finding for each port that a process holds."""
    why = host.once(units.read).why
    if why:
        yield f.Finding(UNIT, "listeners", f.NOT_ASSESSED, why)
        return
    ports: dict[str, list[Listener]] = {}
    for item in host.once(sockets.read):
        if not _of_a_session(host, item):
            ports.setdefault(item.name, []).append(item)
    for name, items in ports.items():
        yield _judge(host, name, items)
    if not ports:
        yield f.Finding(UNIT, "listeners", f.PASS, "nothing listens")


def _of_a_session(host: Host, item: Listener) -> bool:
    """What need not come back: replies, forwarded ports, and what the kernel or a container engine holds."""
    forwarded = item.process in FORWARDS and _service(host, item) == ""
    return sockets.is_client(host, item) or forwarded or bool(item.published_by) or item.holder == sockets.KERNEL


def _service(host: Host, item: Listener) -> str:
    """The unit that starts the program again; "" for one that somebody started through a login or a job."""
    unit = host.once(units.read).get(item.unit)
    if not item.unit.endswith((".service", ".socket")):
        return ""
    if not CARRIERS.fullmatch(item.unit) or unit is None or item.pid == unit.main_pid or item.socket_unit:
        return item.unit
    main = processes.describe(host, unit.main_pid) if unit.main_pid else None
    return item.unit if main and main.exe == item.exe else ""


def _judge(host: Host, name: str, items: t.Sequence[Listener]) -> f.Finding:
    unseen = [item for item in items if item.holder == sockets.UNKNOWN]
    if unseen:
        return f.Finding(UNIT, name, f.NOT_ASSESSED, f"{name}: who holds it is readable by root alone (become: true)")
    for item in items:
        if item.user_unit.endswith(".service"):
            return _by_user(host, name, item)
        if item.holder == sockets.PROCESS and not _service(host, item) and not item.socket_unit:
            return _by_hand(host, name, item)
    found = tuple(f.Evidence(item.place, item.socket_unit or item.unit) for item in items)
    return f.Finding(UNIT, name, f.PASS, f"{name} is held by a unit", found)


def _by_user(host: Host, name: str, item: Listener) -> f.Finding:
    user = _owner(host, item.pid)
    expected = f"{LINGER}/{user}"
    if host.exists(expected):
        found = f.Evidence(item.place, f"{item.user_unit} of {user}, whose units start at boot ({expected})")
        return f.Finding(UNIT, name, f.PASS, f"{name} is held by a unit of {user}, who lingers", (found,))
    found = f.Evidence(item.place, f"{item.user_unit} of {user}", expected)
    message = f"{name} is held by {item.user_unit} of {user}, which no boot starts before {user} logs in"
    steps = f"loginctl enable-linger {user}, and as {user}: systemctl --user enable {item.user_unit}"
    return f.Finding(UNIT, name, f.FAIL, message, (found,), remedy=steps)


def _by_hand(host: Host, name: str, item: Listener) -> f.Finding:
    evidence = (f.Evidence(item.place, f"{item.process} in {item.unit or 'no unit'} ({item.exe})", "a service unit"),)
    message = f"{name} is held by {item.process}, which was started by hand and is gone after a boot"
    return f.Finding(UNIT, name, f.FAIL, message, evidence, remedy=unit_file(host, item))


# The unit that a person writes


def unit_file(host: Host, item: Listener) -> str:
    """Exact steps: the whole unit file, made of what the kernel tells of the process (no environment, no secrets)."""
    unit = f"{re.sub(r'[^A-Za-z0-9_.-]', '-', item.process) or 'program'}-{item.port}.service"
    folder = _link(host, item.pid, "cwd")
    lines = [
        "[Unit]",
        f"Description={item.process} on {item.name}",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        f"ExecStart={_command(host, item)}",
        f"User={_owner(host, item.pid)}",
        *([f"WorkingDirectory={folder.replace('%', '%%')}"] if folder not in ("", "/") else []),
        "Restart=on-failure",
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    ]
    head = f"Write /etc/systemd/system/{unit}, with what its environment needs (EnvironmentFile=), as follows:"
    tail = f"End the program that runs now, then: systemctl daemon-reload && systemctl enable --now {unit}"
    return "\n".join([head, *lines, "", tail])


def _command(host: Host, item: Listener) -> str:
    """The command line in the quoting of systemd.service(5), with its secrets left out."""
    try:
        words = host.read_text(f"/proc/{item.pid}/cmdline").rstrip("\0").split("\0")
    except HostError:
        words = []
    return " ".join(_quoted(word) for word in (item.exe, *without_secrets(words[1:])))


def without_secrets(words: t.Sequence[str]) -> list[str]:
    """The arguments, with a placeholder for the value of each that is named like a secret."""
    shown, hide = [], False
    for word in words:
        match = _SECRET.fullmatch(word)
        shown.append(
            "<SECRET>" if hide else f"{match['name']}{match['value'][0]}<SECRET>" if match and match["value"] else word
        )
        hide = not hide and bool(match and not match["value"] and word.startswith("-"))
    return shown


def _quoted(word: str) -> str:
    text = processes.printable(word).replace("%", "%%").replace("$", "$$")
    if text and re.fullmatch(r"[\w@%+=:,./$<>-]+", text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _owner(host: Host, pid: int) -> str:
    """The name of the account that the process runs as, or its number."""
    try:
        match = re.search(r"(?m)^Uid:\s+\d+\s+(\d+)", host.read_text(f"/proc/{pid}/status"))
        number = match[1] if match else "0"
        rows = (line.split(":") for line in host.read_text("/etc/passwd").splitlines())
        return next((row[0] for row in rows if len(row) > 2 and row[2] == number), number)
    except HostError:
        return "root"


def _link(host: Host, pid: int, name: str) -> str:
    return processes.printable(host.readlink(f"/proc/{pid}/{name}") or "")
