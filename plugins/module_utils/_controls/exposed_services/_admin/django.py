# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The projects of Django that run here, and where they have their administration.

A project is found by the service that runs it (gunicorn, uWSGI, …: its working folder), and by what Apache's mod_wsgi
names. Its files are read and never run.
"""

from __future__ import annotations

import dataclasses
import posixpath
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web.common import Running
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import django_urls
from ansible_collections.infosec.principles.plugins.module_utils._formats.django_urls import Urls
from ansible_collections.infosec.principles.plugins.module_utils._host import sockets, tree, units
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable
from ansible_collections.infosec.principles.plugins.module_utils._host.tree import Budget, Folder

#: Processes that serve a project by themselves.
RUNNERS = ("daphne", "granian", "gunicorn", "hypercorn", "python", "python3", "uvicorn", "uwsgi")
#: What runs a project of Python behind a web server.
_RUNS = re.compile(
    r"\b(?:gunicorn|uwsgi|daphne|uvicorn|hypercorn|granian|waitress-serve|mod_wsgi-express|manage\.py)\b"
)
_FOLDER = re.compile(r"(?:--chdir[= ]|--pythonpath[= ]|chdir\s*=\s*|--app-dir[= ])\s*(/[^\s;,'\"]+)")
#: Folders of one project that are gone through, names in all of them, bytes of files.
DEPTH, NAMES, BYTES = 4, 20_000, 8 * 1024 * 1024
MOST = 30
_SKIP = re.compile(
    r"\..*|node_modules|__pycache__|(?:\.?v?env)|site-packages|static\w*|media|migrations|templates|tests?"
)
_ADMIN = "django.contrib.admin"


@dataclasses.dataclass
class _Project:
    """What lies in a folder. settings: files that install the administration. urls: by the path of the file."""

    settings: list[str] = dataclasses.field(default_factory=list)
    urls: dict[str, Urls] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Admin:
    """Where a project has its administration: the path, and what says so. unit: the service that runs it."""

    path: str
    by: tuple[Evidence, ...]
    unit: str = ""


def read(host: Host) -> tuple[Admin, ...]:
    """The administrations of all projects that run here. Use as `host.once(django.read)`."""
    found: dict[tuple[str, str], Admin] = {}
    for folder, unit in list(dict.fromkeys(_folders(host)))[:MOST]:
        for one in host.once(_Below(folder)):
            found.setdefault((one.path, unit), dataclasses.replace(one, unit=unit))
    return tuple(found.values())


def _folders(host: Host) -> t.Iterator[tuple[str, str]]:
    """Where projects may lie, with the service that runs them."""
    for unit in host.once(units.read):
        commands = " ".join(unit.commands) if unit.is_active else ""
        works = unit.folder if commands and unit.folder.strip("/") else ""
        if _RUNS.search(commands):
            yield from ((folder, unit.name) for folder in (*_FOLDER.findall(commands), *_inis(host, commands)))
        # A script that starts it tells nothing; what every project of Django has beside it does.
        if works and (_RUNS.search(commands) or host.exists(f"{works}/manage.py")):
            yield works, unit.name


def ports(host: Host) -> t.Iterator[tuple[Running, int, tuple[Admin, ...]]]:
    """Where services that run a project listen themselves, without a web server before them."""
    for unit in sorted({one.unit for one in host.once(read)}):
        own = [one for one in host.once(sockets.read) if one.unit == unit and one.protocol == "tcp"]
        run = Running(unit, tuple(sorted({one.pid for one in own})), tuple(own))
        here = tuple(one for one in host.once(read) if one.unit == unit)
        yield from ((run, port, here) for port in sorted({one.port for one in own if one.process in RUNNERS}))


def _inis(host: Host, commands: str) -> t.Iterator[str]:
    """The folders that configurations of uWSGI name."""
    named = re.findall(r"(/[^\s;,'\"]+\.ini)", commands)
    for path in [*named, *host.glob("/etc/uwsgi/apps-enabled/*.ini")][:MOST]:
        try:
            yield from _FOLDER.findall(host.read_part(path, 64 * 1024).decode("utf-8", "replace"))
        except HostError:
            continue


def of_apache(vhost: Vhost) -> t.Iterator[str]:
    """The folders of projects that mod_wsgi runs for a site: one above the one with wsgi.py."""
    for one in (*vhost.site.block, *vhost.site.main):
        if one.name == "wsgiscriptalias" and len(one.arguments) > 1 and one.arguments[1].startswith("/"):
            yield posixpath.dirname(posixpath.dirname(one.arguments[1]))


def below(host: Host, folder: str) -> tuple[Admin, ...]:
    """The administrations of the project in a folder."""
    return host.once(_Below(folder))


@dataclasses.dataclass(frozen=True)
class _Below:
    """Called with the host it looks into the folder, so that `host.once` does so once."""

    folder: str

    def __call__(self, host: Host) -> tuple[Admin, ...]:
        return tuple(_of(host, self.folder))


def _of(host: Host, folder: str) -> t.Iterator[Admin]:
    project = _Project()
    try:
        with tree.opened(host, folder, Budget(NAMES, BYTES)) as opened:
            if opened is not None:
                _walk(opened, project, DEPTH)
    except Unseen:
        return
    if project.settings:
        by = Evidence(printable(project.settings[0]), "installs django.contrib.admin")
        for path, source in _paths(project):
            yield Admin(path, (by, Evidence(printable(source), f"has admin.site.urls at {printable(path)}")))


def _walk(folder: Folder, project: _Project, depth: int) -> None:
    listing = folder.list(2000)
    for name in listing.files:
        if name.endswith(".py"):
            _look(folder, name, project)
    for name in listing.folders if depth else ():
        if not _SKIP.fullmatch(name):
            with folder.folder(name) as inside:
                if inside is not None:
                    _walk(inside, project, depth - 1)


def _look(folder: Folder, name: str, project: _Project) -> None:
    path = folder.join(name)
    settings = "settings" in name or posixpath.basename(folder.path) == "settings"
    if not settings and "urls" not in path:
        return
    try:
        text = folder.read(name, django_urls.MAX_SIZE) or ""
        urls = Urls() if settings else django_urls.parse(text)
    except (Unseen, ValueError):
        return
    if settings and _ADMIN in text:
        project.settings.append(path)
    if urls != Urls():
        project.urls[path] = urls


def _paths(project: _Project) -> t.Iterator[tuple[str, str]]:
    """Each path of an administration with the file that says so, through what includes that."""
    inside = {
        path: [(route, one) for route, module in urls.includes for one in project.urls if _is(one, module)]
        for path, urls in project.urls.items()
    }
    included = {one for leads in inside.values() for _route, one in leads}
    waiting: list[tuple[str, str, tuple[str, ...]]] = [
        ("/", path, (path,)) for path in project.urls if path not in included
    ]
    while waiting:
        before, path, through = waiting.pop()
        for route in project.urls[path].admin:
            yield before + route.lstrip("/"), path
        waiting += [
            (before + route.lstrip("/"), one, (*through, one))
            for route, one in inside[path]
            if one not in through and len(through) < DEPTH
        ]


def _is(path: str, module: str) -> bool:
    """Whether a file is the module: shop.urls is …/shop/urls.py."""
    name = module.replace(".", "/")
    return path.endswith((f"/{name}.py", f"/{name}/__init__.py"))
