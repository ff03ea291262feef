# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Services that read a file now and could not any more: looked for only where a mode is to be narrowed.

Which files a program reads cannot be seen. A service counts where anything ties it to the file: the folder that it
works in, a word of its command line, its name or its account's in the path, a container that the folder is mounted
into, a configuration that names the file; web servers and PHP where the file belongs to a site. Where nothing ties
anybody to it, every unit that people made (/etc/systemd/system) counts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._credentials import served
from ansible_collections.infosec.principles.plugins.module_utils._host import accounts, processes, sockets, units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH (capabilities(7)): whoever has one reads everything.
_READS_ALL = 0b110
_WEB = re.compile(r"apache2|httpd|nginx|lighttpd|caddy|php.*|fpm|uwsgi|litespeed|lsphp.*")
#: Web servers whose configuration is not read here: they count for all folders in which people put sites.
_UNREAD = {"lighttpd", "caddy", "litespeed", "openlitespeed"}
_SITES = re.compile(r"/(var/www|srv|opt|usr/share/nginx|usr/local/www)(/.*)?|/home/[^/]+/.+")
_CRONTABS = ("/var/spool/cron/crontabs", "/var/spool/cron")
#: Their lines name whose job it is (crontab(5)); a user's own crontab has his name.
_SYSTEM_CRONTABS = ("/etc/crontab", "/etc/cron.d/*")
_JOB = re.compile(r"[ \t]*(?:@\w+|(?:[\w*/,~-]+[ \t]+){4}[\w*/,~-]+)[ \t]+(?P<rest>\S.*)")
_POOLS = ("/etc/php/*/fpm/pool.d/*.conf", "/etc/php-fpm.d/*.conf")
_POOL = re.compile(r"^[ \t]*(user|group)[ \t]*=[ \t]*([\w.-]+)", re.MULTILINE)
#: Folders that belong to nobody in particular.
_COMMON = frozenset(
    (
        *("etc", "var", "lib", "opt", "srv", "usr", "local", "share", "conf", "conf.d", "config", "private", "keys"),
        *("ssl", "certs", "default", "www", "html", "env", "key", "pem", "cnf"),
    )
)
_NOISE = re.compile(r"(-?(server|daemon|common|main))|[@.\d].*")
#: Configurations that are searched for the file's path: bytes of all and of each, and how deep below /etc they lie.
_CONFIG_BYTES, _CONFIG_SIZE, _CONFIG_DEPTH = 16 * 1024 * 1024, 128 * 1024, 3
_TEXT = (".conf", ".cnf", ".cfg", ".cf", ".ini", ".yml", ".yaml", ".toml", ".xml", ".json", ".ldif", ".vcl", ".ext")


@dataclasses.dataclass(frozen=True)
class Reader:
    """Somebody who runs a service. name: of its unit or program. all: reads whatever it likes.

    words: names that it goes by. places: folders and files that it has to do with. own: a unit that people made.
    job: it is of cron.
    """

    name: str
    uid: int
    gid: int
    groups: frozenset[int]
    all: bool = False
    words: frozenset[str] = frozenset()
    places: tuple[str, ...] = ()
    web: bool = False
    own: bool = False
    job: bool = False

    def may_read(self, uid: int, gid: int, mode: int) -> bool:
        """Whether the mode lets it read a file of that owner and group."""
        if self.all:
            return True
        if self.uid == uid:
            return bool(mode & 0o400)
        return bool(mode & (0o040 if gid in self.groups else 0o004))


@dataclasses.dataclass(frozen=True)
class Plan:
    """A file as it is and as it is to be. uid, gid, mode: as it is; then_uid, then_gid, then_mode: as it would be.

    by_name: whether a service counts also for its name, or for being a web server. key: it is a private key, which
    servers that begin as root read before they become somebody else.
    """

    path: str
    uid: int
    gid: int
    mode: int
    then_uid: int
    then_gid: int
    then_mode: int
    by_name: bool = True
    key: bool = False

    def cuts_off(self, one: Reader) -> bool:
        """Whether the reader can read it now, and could not then."""
        now = one.may_read(self.uid, self.gid, self.mode)
        return now and not one.may_read(self.then_uid, self.then_gid, self.then_mode)


def losing(host: Host, plan: Plan) -> tuple[Reader, ...]:
    """The services that may need the file, and would be cut off from it."""
    every = host.once(read)
    lost = [one for one in every if plan.cuts_off(one)]
    if not lost:
        return ()
    configured = _naming(host, plan.path) if plan.by_name else set()
    near = _near_site(host, plan.path)
    tied = [one for one in every if _needs(one, plan, configured, near=near)]
    if plan.by_name and not tied:
        # Nothing says whose it is: it may be of any service that people made.
        # A key is hardly a job's, and it would be given to one for good.
        return tuple(one for one in lost if one.own and not (plan.key and one.job))
    as_root = {one.name for one in every if one.all} if plan.key else set()
    return tuple(one for one in tied if one in lost and one.name not in as_root)


def _needs(one: Reader, plan: Plan, configured: t.Collection[str], *, near: bool) -> bool:
    if any(_tied(place, plan.path) for place in one.places):
        return True
    site = near and one.web
    return plan.by_name and (site or _in_own_folder(one, plan.path) or bool(one.words & set(configured)))


def _near_site(host: Host, path: str) -> bool:
    """Whether the file lies in what a web server serves, or in the application around it."""
    running = {one.process for one in host.once(sockets.read)}
    if running & _UNREAD and _SITES.fullmatch(os.path.dirname(path)):
        return True
    roots = host.once(served.read).roots if running & set(served.PROGRAMS) else ()
    tops = {root.folder for root in roots} | {os.path.dirname(root.folder) for root in roots}
    return any(path.startswith(f"{top}/") for top in tops if top.count("/") > 1)


def _tied(place: str, path: str) -> bool:
    """Whether the file is the place, or lies in it or in the folder above it (an application's own)."""
    above = os.path.dirname(path)
    return path == place or path.startswith(f"{place}/") or (above.count("/") > 1 and place.startswith(f"{above}/"))


def _in_own_folder(one: Reader, path: str) -> bool:
    return bool(one.words & set(_components(path)))


def _components(path: str) -> set[str]:
    parts = path.lower().split("/")
    return {word for part in parts for word in (part, _NOISE.sub("", part)) if len(word) > 2} - _COMMON


def runs_programs(host: Host, uid: int) -> bool:
    """Whether a process of this user runs now, or a job of his may."""
    name = next((one.name for one in host.once(accounts.read) if one.uid == uid), "")
    if name and any(host.exists(f"{folder}/{name}") for folder in _CRONTABS):
        return True
    found = (host.stat(f"/proc/{pid}") for pid in host.listdir("/proc") if pid.isdecimal())
    return any(status is not None and status.st_uid == uid for status in found)


# Everybody who runs a service


def read(host: Host) -> tuple[Reader, ...]:
    """Processes of services, units and jobs that run as somebody, pools of PHP. Use as `host.once(readers.read)`."""
    found = [*_processes(host), *_units(host), *_pools(host), *_jobs(host)]
    return tuple(dict.fromkeys(found))


def _processes(host: Host) -> t.Iterator[Reader]:
    for name in host.listdir("/proc"):
        process = processes.describe(host, int(name)) if name.isdecimal() else None
        if process and process.place.unit.endswith(".service") and not process.place.unit.startswith("user@"):
            reader = _process(host, process)
            if reader:
                yield reader


def _process(host: Host, process: processes.Process) -> Reader | None:
    folder = f"/proc/{process.pid}"
    try:
        fields = dict(line.split(":\t", 1) for line in host.read_text(f"{folder}/status").splitlines() if ":\t" in line)
        words = host.read_text(f"{folder}/cmdline").split("\0")
        mounts = _mounts(host, folder) if process.place.engine else ()
        works = host.readlink(f"{folder}/cwd") or ""
    except HostError:
        return None
    # The second of four is the one in effect (proc(5)).
    uid, gid = (int(fields.get(key, "0 0").split()[1]) for key in ("Uid", "Gid"))
    groups = frozenset({gid, *map(int, (fields.get("Groups") or "").split())})
    unit = host.once(units.read).get(process.place.unit)
    places = (*(word for word in _paths(words)), *([works] if works.count("/") > 1 else []), *mounts)
    reads_all = bool(int(fields.get("CapEff", "0"), 16) & _READS_ALL)
    return Reader(
        process.place.unit,
        uid,
        gid,
        groups,
        reads_all,
        _words(host, process.place.unit, process.name, uid),
        places,
        _WEB.match(process.name) is not None,
        bool(unit and unit.fragment.startswith("/etc/")),
    )


def _paths(words: t.Iterable[str]) -> t.Iterator[str]:
    """Absolute paths on a command line, also behind `--option=`; not programs."""
    for word in words:
        match = re.search(r"(?:^|[=:,])(/[^=:,\0]{2,4096})$", word)
        if match and not re.match(r"/(usr/)?s?bin/|/(usr/)?lib", match[1]) and match[1].count("/") > 1:
            yield os.path.normpath(match[1])


def _mounts(host: Host, folder: str) -> tuple[str, ...]:
    """What of this host is mounted into a container, as far as the mounts tell."""
    lines = (line.split(" ") for line in host.read_text(f"{folder}/mountinfo").splitlines())
    return tuple(fields[3] for fields in lines if len(fields) > 3 and fields[3].count("/") > 1)


def _words(host: Host, unit: str, program: str, uid: int) -> frozenset[str]:
    own = next((one.name for one in host.once(accounts.read) if one.uid == uid and uid != 0), "")
    names = (unit.rpartition(".")[0].lower(), program.lower(), own.lower().lstrip("_"))
    words = {word for name in names for word in (name, _NOISE.sub("", name), name.rstrip("d"))}
    return frozenset(word for word in words if len(word) > 2) - _COMMON


def _units(host: Host) -> t.Iterator[Reader]:
    """Also those that do not run now: a backup at night reads its passwords too."""
    for unit in host.once(units.read):
        account = accounts.account(host, unit.user) if unit.user not in ("", "root") else None
        if account:
            groups = {one.gid for one in host.once(accounts.groups) if account.name in one.members}
            places = (*_paths(" ".join(unit.commands).split()), *([unit.folder] if unit.folder.count("/") > 1 else []))
            words = _words(host, unit.name, os.path.basename(unit.program), account.uid)
            own = unit.fragment.startswith("/etc/")
            yield Reader(
                unit.name, account.uid, account.gid, frozenset({account.gid, *groups}), False, words, places, False, own
            )


def _pools(host: Host) -> t.Iterator[Reader]:
    """Pools of PHP have processes only while somebody asks them (pm = ondemand)."""
    for path in (path for pattern in _POOLS for path in host.glob(pattern)):
        named = dict(_POOL.findall(_text(host, path).decode("utf-8", "replace")))
        account = accounts.account(host, named.get("user", ""))
        group = accounts.group(host, named.get("group", ""))
        if account:
            gid = group.gid if group else account.gid
            yield Reader(f"php-fpm ({account.name})", account.uid, gid, frozenset({gid}), web=True)


def _jobs(host: Host) -> t.Iterator[Reader]:
    """Jobs of cron that do not run as root; they have no process but for a moment."""
    for path in (path for pattern in _SYSTEM_CRONTABS for path in host.glob(pattern)):
        for rest in _lines_of_jobs(host, path):
            user, _blank, command = rest.partition(" ")
            yield from _job(host, user, command)
    for folder in _CRONTABS:
        for user in host.listdir(folder):
            for command in _lines_of_jobs(host, f"{folder}/{user}"):
                yield from _job(host, user, command)


def _lines_of_jobs(host: Host, path: str) -> t.Iterator[str]:
    for line in _text(host, path).decode("utf-8", "replace").splitlines():
        match = _JOB.fullmatch(line)
        if match:
            yield match["rest"].replace("\t", " ")


def _job(host: Host, user: str, command: str) -> t.Iterator[Reader]:
    account = accounts.account(host, user)
    if account and account.uid != 0:
        groups = frozenset({account.gid, *(one.gid for one in host.once(accounts.groups) if user in one.members)})
        places, words = tuple(_paths(re.split(r"[\s;&|<>()'\"]+", command))), _words(host, "", "", account.uid)
        name = f"a cron job of {user}"
        yield Reader(name, account.uid, account.gid, groups, words=words, places=places, own=True, job=True)


# Configurations that name the file


def _naming(host: Host, path: str) -> set[str]:
    """Words of the paths of configurations that have the file's path in them: /etc/redis/redis.conf gives redis."""
    wanted = path.encode("utf-8", "surrogateescape")
    return {word for config, data in host.once(_configs).items() if wanted in data for word in _components(config)}


def _configs(host: Host) -> dict[str, bytes]:
    """The texts below /etc that may configure a daemon, by path."""
    found: dict[str, bytes] = {}
    room, todo = _CONFIG_BYTES, [("/etc", _CONFIG_DEPTH)]
    while todo and room > 0:
        folder, depth = todo.pop(0)
        for name, is_folder in _entries(host, folder):
            if is_folder and depth > 1:
                todo.append((name, depth - 1))
            elif not is_folder and room > 0:
                found[name] = _text(host, name)
                room -= len(found[name])
    return found


def _entries(host: Host, folder: str) -> t.Iterator[tuple[str, bool]]:
    """Folders, and plain files with a name of configurations; (path, whether it is a folder)."""
    with contextlib.suppress(OSError), os.scandir(host.path(folder)) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield f"{folder}/{entry.name}", True
            elif entry.is_file(follow_symlinks=False) and (entry.name.endswith(_TEXT) or "sites-" in folder):
                yield f"{folder}/{entry.name}", False


def _text(host: Host, path: str) -> bytes:
    try:
        return host.read_part(path, _CONFIG_SIZE)
    except HostError:
        return b""
