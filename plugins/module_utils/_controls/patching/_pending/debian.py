# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""apt: the lists of the security sources against what dpkg has installed. Files are read, no program is asked."""

from __future__ import annotations

import bz2
import dataclasses
import datetime
import email.utils
import gzip
import io
import lzma
import re
import typing as t
import zlib

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._pending import pins
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._pending.model import (
    Data,
    Known,
    Update,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import dpkg_version
from ansible_collections.infosec.principles.plugins.module_utils._host import apt, distribution
from ansible_collections.infosec.principles.plugins.module_utils._host.host import MAX_FILE, Host, Missing
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

HELPER = "/usr/lib/apt/apt-helper"
UPDATES = "/var/lib/dpkg/updates"
#: States of dpkg(1) in which a package is neither there nor gone.
UNFINISHED = ("half-installed", "unpacked", "half-configured", "triggers-awaited", "triggers-pending")
_FIELDS = re.compile(rb"^(Package|Status|Version|Architecture|Source): *(.*?) *$", re.MULTILINE)
#: A line of dpkg's status that is neither a field, nor goes on with one, nor ends a stanza: dpkg refuses the file.
_DAMAGE = re.compile(rb"^(?![!-,.-9;-~][!-9;-~]*:|[ \t]|$)", re.MULTILINE)
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*")
#: What apt may keep its lists compressed with, as far as Python can undo it; apt-helper does the others.
_OPENERS: dict[str, t.Callable[[t.BinaryIO], t.Any]] = {
    "gz": lambda stream: gzip.GzipFile(fileobj=stream),
    "xz": lzma.LZMAFile,
    "lzma": lzma.LZMAFile,
    "bz2": bz2.BZ2File,
}
_Fields = dict[str, str]


class ListError(Exception):
    """A list that cannot be judged by: which one and why."""


@dataclasses.dataclass(frozen=True)
class Package:
    """A package as dpkg has it. `want`: install, hold, …; `state`: installed, unpacked, …"""

    name: str
    arch: str
    version: str
    want: str
    state: str
    source: str


@dataclasses.dataclass(frozen=True)
class Offer:
    """The newest version of a package that any security source has."""

    version: str
    source: apt.Source
    path: str


def known(host: Host) -> Known:
    """Which security updates wait by the lists that are here, and of which day these are."""
    texts = _texts(host)
    packages = _packages(texts)
    unfinished = tuple(sorted({package.name for package in packages if package.state in UNFINISHED}))
    if not unfinished and _cut_off(host):
        unfinished = ("what dpkg was doing",)
    security = [one for one in apt.sources(host) if apt.is_security(one, host.once(distribution.read))]
    if not security:
        return Known("apt", unfinished=unfinished, why="no configured source carries security updates")
    installed = {(one.name, one.arch): one for one in packages if one.state in ("installed", *UNFINISHED)}
    native = _native(host, packages)
    offers: dict[tuple[str, str], Offer] = {}
    sources = [_take(host, source, installed, native, offers) for source in security]
    updates = tuple(_updates(host, installed, offers, native))
    return Known("apt", _joined(sources), updates, unfinished, _damage(texts, packages))


# What is installed


def _texts(host: Host) -> list[bytes]:
    """dpkg's status, then what it has not merged into that yet."""
    try:
        status = host.read_bytes(apt.STATUS)
    except Missing:
        return []
    return [status, *(host.read_bytes(f"{UPDATES}/{name}") for name in _cut_off(host))]


def _damage(texts: list[bytes], packages: list[Package]) -> str:
    """Why dpkg's records do not tell what is installed; "" where they do."""
    for text in texts:
        match = _DAMAGE.search(text)
        if match:
            line = text.count(b"\n", 0, match.start()) + 1
            return f"dpkg's records are damaged (line {line} of {apt.STATUS} or of {UPDATES} is no field)"
    return "" if packages else f"{apt.STATUS} names no package"


def _packages(texts: list[bytes]) -> list[Package]:
    found = {}
    for text in texts:
        for stanza in text.split(b"\n\n"):
            package = _package(_fields(stanza))
            if package:
                found[package.name, package.arch] = package
    return list(found.values())


def _cut_off(host: Host) -> list[str]:
    """What dpkg has written down and not merged yet: it was cut off, or is at work."""
    return [name for name in host.listdir(UPDATES) if name.isascii() and name.isdigit()]


def _package(fields: _Fields) -> Package | None:
    status = fields.get("Status", "").split()
    if len(status) != 3 or not _NAME.fullmatch(fields.get("Package", "")):
        return None
    name = fields["Package"]
    source = fields.get("Source", name).partition(" ")[0]
    return Package(name, fields.get("Architecture", ""), fields.get("Version", ""), status[0], status[2], source)


def _fields(stanza: bytes) -> _Fields:
    found = t.cast("list[tuple[bytes, bytes]]", _FIELDS.findall(stanza))
    return {name.decode(): printable(value.decode("utf-8", "surrogateescape")) for name, value in found}


def _native(host: Host, packages: list[Package]) -> str:
    try:
        return host.read_text("/var/lib/dpkg/arch").split()[0]
    except (Missing, IndexError):
        return next((package.arch for package in packages if package.name == "dpkg"), "")


# What the lists offer


def _take(
    host: Host,
    source: apt.Source,
    installed: t.Mapping[tuple[str, str], Package],
    native: str,
    offers: dict[tuple[str, str], Offer],
) -> Data:
    """Put what the source has for installed packages among the offers; says of which day that is."""
    subject = f"{source.place} {source.release}"
    path, release = _release(host, source)
    if not release:
        return Data(subject, source.entry, fault="has not been fetched yet")
    data = Data(subject, path, _date(release, "Date"), _date(release, "Valid-Until"))
    names = {name.encode() for name, _arch in installed}
    try:
        for name in _lists(host, source, release, native):
            for stanza in _stanzas(_content(host, name, release, source), names):
                _offer(Offer(stanza.get("Version", ""), source, name), stanza, native, offers)
    except (ListError, dpkg_version.VersionError) as exc:
        return dataclasses.replace(data, fault=f"cannot be read: {exc}")
    return data


def _release(host: Host, source: apt.Source) -> tuple[str, str]:
    for kind in ("InRelease", "Release"):
        path = f"{apt.LISTS}/{source.list_name}{kind}"
        try:
            return path, host.read_text(path)
        except Missing:
            continue
    return "", ""


def _date(release: str, field: str) -> datetime.datetime | None:
    match = re.search(rf"^{field}: *(.+)$", release, re.MULTILINE)
    try:
        found = email.utils.parsedate_to_datetime(match[1]) if match else None
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return found.replace(tzinfo=datetime.timezone.utc) if found and found.tzinfo is None else found


def _lists(host: Host, source: apt.Source, release: str, native: str) -> list[str]:
    """The lists of every architecture. Raises ListError where the one that has to be there is not."""
    folder = f"{apt.LISTS}/{source.list_name}"
    component = source.component.replace("/", "_")
    pattern = f"{component}_binary-*_Packages*" if source.component else "Packages*"
    found = [name for name in host.glob(folder.replace("[", "[[]") + pattern) if not name.endswith(".diff_Index")]
    size = _size(release, f"{source.component}/binary-{native}/Packages" if source.component else "Packages")
    if not found and size:
        raise ListError(f"{folder}{pattern} is missing")
    return found


def _size(release: str, name: str) -> int:
    """How long a file is by the Release file; 0 where that does not name it."""
    match = re.search(rf"^ [0-9a-f]{{64}} +([0-9]{{1,12}}) {re.escape(name)}$", release, re.MULTILINE)
    return int(match[1]) if match else 0


def _content(host: Host, name: str, release: str, source: apt.Source) -> bytes:
    """The list as text, as long as its Release file says. Raises ListError."""
    status = host.stat(name)
    if status and status.st_size >= MAX_FILE:
        raise ListError(f"{name}: is {status.st_size} bytes long, and more than {MAX_FILE} are not read")
    text = _plain(host, name)
    match = re.search(r"_binary-([a-z0-9-]+)_Packages", name)
    size = _size(release, f"{source.component}/binary-{match[1]}/Packages" if match else "Packages")
    if len(text) > MAX_FILE or (size and len(text) != size):
        raise ListError(f"{name}: is {len(text)} bytes long, not {size} as its Release file says")
    return text


def _plain(host: Host, name: str) -> bytes:
    ending = name.rpartition("Packages")[2].lstrip(".")
    if not ending:
        return host.read_bytes(name)
    try:
        if ending in _OPENERS:
            return t.cast(bytes, _OPENERS[ending](io.BytesIO(host.read_bytes(name))).read(MAX_FILE + 1))
    except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as exc:
        raise ListError(f"{name}: cannot be unpacked: {exc}") from exc
    done = host.ask(HELPER, "cat-file", name)
    if done.rc != 0:
        raise ListError(f"{name}: {HELPER} cat-file ended with {done.rc}: {printable(done.stderr.strip())}")
    return done.stdout.encode("utf-8", "surrogateescape")


def _stanzas(text: bytes, names: set[bytes]) -> t.Iterator[_Fields]:
    """The stanzas of these packages. A list has thousands, so no more is looked at of the others than their name."""
    for stanza in text.split(b"\n\n"):
        if not stanza.startswith(b"Package: "):
            stanza = stanza[max(0, stanza.find(b"\nPackage: ") + 1) :] if b"\nPackage: " in stanza else b""
        if stanza[len(b"Package: ") :].partition(b"\n")[0].strip() in names:
            yield _fields(stanza)


def _offer(offer: Offer, stanza: _Fields, native: str, offers: dict[tuple[str, str], Offer]) -> None:
    arch = stanza.get("Architecture", "")
    key = (stanza["Package"], native if arch == "all" else arch)
    if key not in offers or dpkg_version.key(offers[key].version) < dpkg_version.key(offer.version):
        # Also where it is the first: what is no version must not be taken for one.
        dpkg_version.key(offer.version)
        offers[key] = offer


def _joined(sources: t.Iterable[Data]) -> tuple[Data, ...]:
    """One for each source: the components share a Release file, and one that is ill makes it ill."""
    found: dict[str, Data] = {}
    for data in sources:
        if data.subject not in found or data.fault:
            found[data.subject] = data
    return tuple(found.values())


# What waits


def _updates(
    host: Host,
    installed: t.Mapping[tuple[str, str], Package],
    offers: t.Mapping[tuple[str, str], Offer],
    native: str,
) -> t.Iterator[Update]:
    for (name, arch), package in sorted(installed.items()):
        offer = offers.get((name, native if arch == "all" else arch))
        if offer and _is_older(package.version, offer.version):
            full = name if arch in (native, "all") else f"{name}:{arch}"
            yield Update(full, package.version, offer.version, offer.path, _held(host, package, offer))


def _is_older(installed: str, offered: str) -> bool:
    try:
        return dpkg_version.key(installed) < dpkg_version.key(offered)
    except dpkg_version.VersionError:
        # What is installed was made by hand: whether the update is newer nobody can tell, so it is named.
        return installed != offered


def _held(host: Host, package: Package, offer: Offer) -> str:
    if package.want == "hold":
        return "on hold (apt-mark showhold)"
    return pins.pinned(host, package.name, package.source, package.version, offer.version, offer.source)
