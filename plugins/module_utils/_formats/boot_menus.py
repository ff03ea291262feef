# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Menus of boot loaders: GRUB's own, the Boot Loader Specification's, extlinux's. Text in, entries out."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import typing as t


@dataclasses.dataclass(frozen=True)
class Entry:
    """One line of a menu. kernel, initrds: as written, below the loader's own root. names: its place, title and id."""

    title: str
    kernel: str
    initrds: tuple[str, ...] = ()
    options: str = ""
    names: tuple[str, ...] = ()


# GRUB

_ITEM = re.compile(r"""(?P<kind>menuentry|submenu)\s+(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)")(?P<rest>.*)""")
_ID = re.compile(r"(?:\$menuentry_id_option|--id)[ =]'?([^'\s{]+)")
_LOAD = re.compile(r"(?P<verb>linux|initrd|chainloader|multiboot2?)(?:16|efi)?\s+(?P<words>.+)")


def grub_entries(text: str) -> list[Entry]:
    """All entries of a grub.cfg; each is named by its title, its id and its place ("0", "1>2")."""
    found: list[Entry] = []
    open_: list[tuple[str, str, str]] = []
    counts = [0]
    for line in map(str.strip, text.splitlines()):
        item = _ITEM.match(line)
        if item:
            found += _begin(item, open_, counts)
        elif line.endswith("{"):
            open_.append(("other", "", ""))
        elif line == "}" and open_:
            counts = counts[: len(counts) - (open_.pop()[0] == "submenu")]
        elif open_ and open_[-1][0] == "menuentry" and found:
            found[-1] = _load(found[-1], line)
    return found


def _begin(item: re.Match[str], open_: list[tuple[str, str, str]], counts: list[int]) -> list[Entry]:
    title = item["single"] if item["single"] is not None else item["double"]
    names = {title, *_ID.findall(item["rest"])}
    place = ">".join([*(part[2] for part in open_ if part[0] == "submenu"), str(counts[-1])])
    above = [part[1] for part in open_ if part[0] == "submenu"]
    prefixed = {">".join([*above, name]) for name in names}
    open_.append((item["kind"], _ID.findall(item["rest"])[0] if _ID.findall(item["rest"]) else title, str(counts[-1])))
    counts[-1] += 1
    if item["kind"] == "submenu":
        counts.append(0)
        return []
    return [Entry(title, "", names=(place, *sorted(names | prefixed)))]


def _load(entry: Entry, line: str) -> Entry:
    match = _LOAD.fullmatch(line)
    if not match:
        return entry
    # A word that begins with $ is another file only where somebody set it; ($root) is the loader's own root.
    words = [re.sub(r"^\([^)]*\)", "", word) for word in match["words"].split()]
    if match["verb"] == "initrd":
        return dataclasses.replace(entry, initrds=tuple(word for word in words if not word.startswith("$")))
    return dataclasses.replace(entry, kernel=words[0], options=" ".join(words[1:]))


def grub_default(text: str, environment: t.Mapping[str, str]) -> str:
    """What `default` is once grub.cfg was run with that grubenv: a title, an id or a place."""
    if environment.get("next_entry"):
        return environment["next_entry"]
    values = re.findall(r"(?m)^\s*set default=[\"']?([^\"'\n]*)", text)
    chosen = [value for value in values if "next_entry" not in value] or ["0"]
    saved = environment.get("saved_entry", "")
    return (saved or "0") if "saved_entry" in chosen[-1] else chosen[-1] or "0"


def grub_environment(text: str) -> dict[str, str]:
    """The assignments of a grubenv."""
    rows = (line.partition("=") for line in text.splitlines() if not line.startswith("#"))
    return {key: value for key, equals, value in rows if equals}


def chosen(entries: t.Sequence[Entry], default: str) -> Entry | None:
    """The entry that the default names, or GRUB's and systemd-boot's fallback, the first."""
    named = (entry for entry in entries if default in entry.names)
    globbed = (entry for entry in entries if any(fnmatch.fnmatchcase(name, default) for name in entry.names[1:]))
    return next(named, None) or next(globbed, None) or next(iter(entries), None)


# The Boot Loader Specification (https://uapi-group.org/specifications/specs/boot_loader_specification/)


def bls_entry(name: str, text: str) -> Entry:
    """One file of loader/entries."""
    rows = [line.strip().partition(" ") for line in text.splitlines() if not line.startswith("#")]
    values: dict[str, list[str]] = {}
    for key, _space, value in rows:
        values.setdefault(key, []).append(value.strip())
    stem = name[: -len(".conf")] if name.endswith(".conf") else name
    initrds = [word for value in values.get("initrd", []) for word in value.split() if not word.startswith("$")]
    kernel = (values.get("linux") or values.get("efi") or values.get("uki") or [""])[0]
    title = (values.get("title") or [stem])[0]
    return Entry(title, kernel, tuple(initrds), " ".join(values.get("options", [])), ("", title, stem, name))


def newest_first(entries: t.Iterable[Entry]) -> list[Entry]:
    """As blscfg and systemd-boot sort: by version, the newest on top; each is named by its place too."""
    ordered = sorted(entries, key=lambda entry: _natural(entry.names[-1]), reverse=True)
    return [dataclasses.replace(entry, names=(str(at), *entry.names[1:])) for at, entry in enumerate(ordered)]


def _natural(text: str) -> list[tuple[int, int, str]]:
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|[^\W\d]+", text)]


# extlinux


def extlinux(text: str) -> tuple[list[Entry], str]:
    """The entries of an extlinux.conf, and the label that is its default."""
    found: list[Entry] = []
    default = "0"
    for line in text.splitlines():
        key, _space, value = line.strip().partition(" ")
        key, value = key.lower(), value.strip()
        if key == "default":
            default = value
        elif key == "label":
            found.append(Entry(value, "", names=(str(len(found)), value)))
        elif found and key in ("linux", "kernel"):
            found[-1] = dataclasses.replace(found[-1], kernel=value)
        elif found and key == "initrd":
            found[-1] = dataclasses.replace(found[-1], initrds=tuple(value.split(",")))
        elif found and key == "append":
            found[-1] = _append(found[-1], value)
    return found, default


def _append(entry: Entry, value: str) -> Entry:
    inside = tuple(word[len("initrd=") :] for word in value.split() if word.startswith("initrd="))
    return dataclasses.replace(entry, options=value, initrds=entry.initrds or inside)
