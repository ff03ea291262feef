# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Where applications lie: declared, in the folders in which people put them, or where a service works.

A folder is a *site* where something in it tells of libraries: a lock file, a manifest, installed packages. An
application is the outermost folder with sites, and has all sites below it.
"""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats.lockfiles import names
from ansible_collections.infosec.principles.plugins.module_utils._host import homes, tree, units
from ansible_collections.infosec.principles.plugins.module_utils._host.homes import Unseen
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.tree import Budget, Folder, Listing

#: What people call the virtual environment of the folder that it lies in.
ENVIRONMENTS = ("venv", ".venv", "env", ".env", "virtualenv")
#: Libraries, caches and histories: no application lies below these.
_SKIP = re.compile(
    r"\..*|node_modules|bower_components|vendor|__pycache__|site-packages|dist-packages|WEB-INF|.*\.(dist|egg)-info"
)
#: Names in a folder above which it holds data, not an application.
MANY = 2000
#: More applications than a host has.
MOST = 500
#: Where no application lies: systems' own folders, and those that hold everything.
_SYSTEM = re.compile(
    r"/|/(home|root|var|srv|opt|mnt|media)|/(bin|boot|dev|etc|lib\w*|proc|run|sbin|sys|tmp)(/.*)?|/usr(/(?!local/).*)?"
)
_RELEASES, _CURRENT = "releases", "current"


@dataclasses.dataclass(frozen=True)
class Site:
    """A folder that tells of libraries.

    home: the folder that they serve; that is the folder itself, or the one above a virtual environment.
    files, folders: the names in it that tell something. environment: it is a virtual environment. packages: it holds
    distributions of Python. archives: it holds jars.
    """

    path: str
    home: str
    files: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()
    environment: bool = False
    packages: bool = False
    archives: bool = False


@dataclasses.dataclass(frozen=True)
class Application:
    """root: the path that names it for people, the same after the next release."""

    root: str
    sites: tuple[Site, ...]


@dataclasses.dataclass(frozen=True)
class Where:
    """What to look through. limit: names looked at in one of the folders."""

    declared: tuple[str, ...]
    search: tuple[str, ...]
    depth: int
    limit: int


@dataclasses.dataclass(frozen=True)
class Found:
    """The applications; why other folders were not looked through; declared ones that are not there."""

    applications: tuple[Application, ...]
    unseen: tuple[tuple[str, str], ...]
    absent: tuple[str, ...]


@dataclasses.dataclass
class _Search:
    """What one run finds. names: a folder's real path to the one that people know it by."""

    host: Host
    where: Where
    sites: dict[str, Site] = dataclasses.field(default_factory=dict)
    depths: dict[str, int] = dataclasses.field(default_factory=dict)
    names: dict[str, str] = dataclasses.field(default_factory=dict)
    unseen: dict[str, str] = dataclasses.field(default_factory=dict)
    absent: list[str] = dataclasses.field(default_factory=list)

    def look(self, path: str, depth: int) -> str:
        """Go through a folder; its real path, "" where it is not there."""
        try:
            with tree.opened(self.host, path, Budget(self.where.limit, 0)) as folder:
                if folder is None:
                    return ""
                if folder.path != path:
                    self.names.setdefault(folder.path, path)
                self._walk(folder, depth)
                return folder.path
        except Unseen as exc:
            self.unseen[path] = str(exc)
            return ""

    def _walk(self, folder: Folder, depth: int) -> None:
        """Sites of a folder and of those below it. Raises Unseen where the budget is used up."""
        if self.depths.get(folder.path, -1) >= depth:
            return
        self.depths[folder.path] = depth
        try:
            listing = folder.list(MANY)
        except Unseen as exc:
            if folder.budget.names < 0:
                raise
            self.unseen[folder.path] = str(exc)
            return
        site = self._site(folder.path, listing)
        if site:
            self.sites[folder.path] = site
        if not (site and site.environment):
            self._descend(folder, listing, depth)

    def _descend(self, folder: Folder, listing: Listing, depth: int) -> None:
        released = self._released(folder, listing)
        for name in listing.folders:
            if name in ENVIRONMENTS or (depth > 0 and not _SKIP.fullmatch(name)):
                if released and name == _RELEASES:
                    continue
                self._enter(folder, name, depth - 1)
        if released and depth > 0:
            self.names[folder.join(released)] = folder.join(_CURRENT)
            self._enter(folder, released, depth - 1)

    def _enter(self, folder: Folder, name: str, depth: int) -> None:
        try:
            with folder.folder(name) as below:
                if below:
                    self._walk(below, depth)
        except Unseen as exc:
            if folder.budget.names < 0:
                raise
            self.unseen[folder.join(name)] = str(exc)

    def _released(self, folder: Folder, listing: Listing) -> str:
        """The release in use where deployments leave older ones beside it (Capistrano, Deployer); "" for none."""
        if _CURRENT not in listing.links or _RELEASES not in listing.folders:
            return ""
        target = self.host.readlink(folder.join(_CURRENT)) or ""
        inner = os.path.relpath(os.path.normpath(os.path.join(folder.path, target)), folder.path)
        return inner if re.fullmatch(rf"{_RELEASES}/[^/]+", inner) and not inner.endswith("/..") else ""

    def _site(self, path: str, listing: Listing) -> Site | None:
        environment = "pyvenv.cfg" in listing.files
        site = Site(
            path=path,
            home=os.path.dirname(path) if environment else path,
            files=frozenset(listing.files) & names.FILES,
            folders=frozenset(listing.folders) & names.FOLDERS,
            environment=environment,
            packages=any(name.endswith(names.DISTRIBUTION) for name in listing.folders),
            archives=any(name.endswith(names.ARCHIVES) for name in listing.files),
        )
        tells = site.files or site.folders or site.environment or site.packages or site.archives
        return site if tells else None


def find(host: Host, where: Where) -> Found:
    """All applications, by what `where` says and by the services of systemd."""
    search = _Search(host, where)
    declared = [_declared(search, path) for path in where.declared]
    tops = [search.look(path, where.depth) or path for path in where.search]
    works = _of_services(search)
    applications = list(_grouped(search, [path for path in declared if path], tops, works))
    # Those that somebody named are never crowded out.
    applications.sort(key=lambda one: one.root not in where.declared)
    if len(applications) > MOST:
        search.unseen["applications"] = f"more than {MOST} of them; declare those that count, or search fewer folders"
    return Found(tuple(applications[:MOST]), tuple(sorted(search.unseen.items())), tuple(search.absent))


def _declared(search: _Search, path: str) -> str:
    clean = os.path.normpath(path)
    real = search.look(clean, search.where.depth)
    if not real and clean not in search.unseen:
        search.absent.append(clean)
    return real


def _of_services(search: _Search) -> dict[str, str]:
    """Look where services work; the virtual environment that a service's program lies in, to its working folder."""
    works: dict[str, str] = {}
    for unit in search.host.once(units.read):
        folder = os.path.normpath(unit.folder) if unit.folder.startswith("/") else ""
        if folder and not _SYSTEM.fullmatch(folder):
            folder = search.look(folder, search.where.depth)
        environment = _environment(search.host, unit.program)
        if environment:
            search.look(environment, 0)
            works.setdefault(environment, folder if folder and not _SYSTEM.fullmatch(folder) else "")
    return {environment: folder for environment, folder in works.items() if folder}


def _environment(host: Host, program: str) -> str:
    """The virtual environment that a program lies in; "" for none."""
    above, bin_folder = os.path.split(os.path.dirname(program))
    if bin_folder != "bin" or _SYSTEM.fullmatch(above):
        return ""
    try:
        real = homes.resolve(host, above)
        return real if host.exists(f"{real}/pyvenv.cfg") else ""
    except (Unseen, HostError):
        return ""


def _grouped(
    search: _Search, declared: t.Sequence[str], tops: t.Sequence[str], works: t.Mapping[str, str]
) -> t.Iterator[Application]:
    """Sites under their applications: one that was declared, else the outermost folder below a search folder."""
    groups: dict[str, list[Site]] = {}
    roots: set[str] = set()
    chosen = set(declared)
    sites = [dataclasses.replace(site, home=works.get(path, site.home)) for path, site in search.sites.items()]
    for site in sorted(sites, key=lambda one: (one.home, one.path)):
        root = _above(site.home, chosen) or _above(site.home, roots) or _root(site, tops)
        if root not in tops:
            roots.add(root)
        groups.setdefault(root, []).append(site)
    for root, sites in sorted(groups.items()):
        yield Application(_known_as(search, root), tuple(sites))


def _above(path: str, roots: t.Collection[str]) -> str:
    """The innermost of the roots that the path is or lies in; "" for none."""
    while path not in roots:
        if path in ("", "/"):
            return ""
        path = path.rpartition("/")[0]
    return path


def _root(site: Site, tops: t.Sequence[str]) -> str:
    """The site's own folder, or the one that an environment serves, unless that is a folder of many applications."""
    if site.environment and (site.home in tops or os.path.basename(site.path) not in ENVIRONMENTS):
        return site.path if site.home == os.path.dirname(site.path) else site.home
    return site.home


def _known_as(search: _Search, root: str) -> str:
    """The path without the links' targets in it."""
    real = _above(root, search.names)
    return search.names[real] + root[len(real) :] if real else root
