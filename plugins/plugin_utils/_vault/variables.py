# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The values of a YAML file with their names and places, as Ansible's own parser reads them; and of INI inventories."""

from __future__ import annotations

import collections
import dataclasses
import re
import shlex
import typing as t

import yaml

from ansible_collections.infosec.principles.plugins.plugin_utils._vault import names

TEXT_TAG, VAULT_TAG = "tag:yaml.org,2002:str", "!vault"
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
#: Keys that name nothing: what they hold is named by what is above them.
_HOLDERS = ("value", "default", "content")
#: Keys that say what an option is like; beside them is no list of secrets.
_SPECIFIED = ("description", "type", "short_description")


@dataclasses.dataclass(frozen=True)
class Value:
    """One value of a file.

    name: what it is called there. path: its place, such as ``users[ann].password``. line: from 1. number: no text.
    start, end: the place in the text; both 0 in an INI file. indent: at which a block in its place would stand.
    by_hand: why it cannot be encrypted in its place; "" where it can.
    """

    name: str
    path: str
    text: str
    line: int
    number: bool = False
    start: int = 0
    end: int = 0
    indent: int = 0
    by_hand: str = ""

    def lines(self, text: str) -> range:
        """The lines of the file's text that it stands on."""
        return range(self.line, self.line + text.count("\n", self.start, self.end) + 1)


class Document:
    """What a YAML file says. Raises yaml.YAMLError, RecursionError."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.root = yaml.compose(text, _LOADER)
        #: Values that are encrypted, in order.
        self.encrypted: list[Value] = []
        self._seen: set[int] = set()

    def values(self) -> t.Iterator[Value]:
        """Every value that is text or a number, in order; what an alias repeats comes once."""
        if self.root is not None:
            yield from self._walk(self.root, "", "", _Around(-2, False))

    def _walk(self, node: t.Any, name: str, path: str, around: _Around) -> t.Iterator[Value]:
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield from self._mapping(node, name, path, around)
        elif isinstance(node, yaml.SequenceNode):
            within = _Around(node.start_mark.column, around.flow or self._is_flow(node))
            for label, item in zip(_labels(node.value), node.value, strict=True):
                own = name if names.is_plural(name) and isinstance(item, yaml.ScalarNode) else ""
                yield from self._walk(item, own, f"{path}[{label}]", within)
        elif node.tag == VAULT_TAG:
            self.encrypted.append(self._value(node, name, path, around))
        elif node.tag == TEXT_TAG or node.tag in _NUMBERS or node.tag.startswith("!"):
            yield self._value(node, name, path, around)

    def _mapping(self, node: t.Any, name: str, path: str, around: _Around) -> t.Iterator[Value]:
        within = _Around(node.start_mark.column, around.flow or self._is_flow(node))
        said = next((value.value for key, value in node.value if key.value in ("name", "key") and _is_text(value)), "")
        members = names.is_plural(name) and not any(key.value in _SPECIFIED for key, _value in node.value)
        for key, value in node.value:
            own = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            called = (said or name or own) if own in _HOLDERS else name if members else own
            yield from self._walk(value, called, f"{path}.{own}" if path else own, within)

    def _is_flow(self, node: t.Any) -> bool:
        return self.text[node.start_mark.index : node.start_mark.index + 1] in ("{", "[")

    def _value(self, node: t.Any, name: str, path: str, around: _Around) -> Value:
        start, end = node.start_mark.index, node.end_mark.index
        number = node.tag in _NUMBERS
        return Value(
            name=name,
            path=path,
            text=str(node.value),
            line=node.start_mark.line + 1,
            number=number,
            start=start,
            end=end,
            indent=around.column + 2,
            by_hand=_by_hand(self.text[start : start + 1], str(node.value), number, around.flow),
        )


@dataclasses.dataclass(frozen=True)
class _Around:
    """What a value stands in. column: of its mapping or list."""

    column: int
    flow: bool


def _by_hand(first: str, text: str, number: bool, flow: bool) -> str:
    if flow:
        return "it stands within braces or brackets, where no block can; write these as lines of their own first"
    if number:
        return "it is a number, and Ansible Vault makes text of it; quote it first if text will do"
    if first in ("&", "!", "*"):
        return "it has an anchor or a tag; move the value to a variable of its own first"
    if re.search(r"\{\{|\{%|\{#", text):
        return "it is a template; move the secret to a variable of its own and refer to that"
    return ""


def _is_text(node: t.Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag == TEXT_TAG


def _labels(items: t.Sequence[t.Any]) -> t.Iterator[str]:
    """What the items of a list are called, so that another one before them does not rename them; each differently."""
    given: collections.Counter[str] = collections.Counter()
    for place, item in enumerate(items):
        label = _label(item, place)
        given[label] += 1
        yield f"{label} {given[label]}" if given[label] > 1 else label


def _label(item: t.Any, place: int) -> str:
    if isinstance(item, yaml.MappingNode):
        for key, value in item.value:
            if key.value in ("name", "key", "id", "hosts") and _is_text(value) and "{" not in value.value:
                return str(value.value)[:80]
    return str(place)


# INI inventories, ansible.cfg

_SECTION = re.compile(r"\[(?P<name>[^\]]+)\]")
_IN_INI = "an INI file cannot hold an encrypted value; move it to group_vars or host_vars"


def ini_values(text: str) -> t.Iterator[Value]:
    """The variables of an INI inventory's hosts and groups, and the settings of other INI files."""
    section = ""
    for line, content in enumerate(text.splitlines(), start=1):
        bare = content.strip()
        match = _SECTION.match(bare)
        if match:
            section = match["name"]
        elif bare and not bare.startswith(("#", ";")):
            for owner, name, value in _pairs(section, bare):
                yield Value(name, f"{owner}.{name}" if owner else name, value, line, by_hand=_IN_INI)


def _pairs(section: str, line: str) -> t.Iterator[tuple[str, str, str]]:
    setting = re.match(r"([\w.-]+)\s*=\s*(.*)", line)
    if setting:
        yield section.removesuffix(":vars"), setting[1], _unquoted(setting[2])
        return
    try:
        host, *rest = shlex.split(line, comments=True)
    except ValueError:
        return
    for word in rest:
        name, equals, value = word.partition("=")
        if equals:
            yield host, name, value


def _unquoted(value: str) -> str:
    value = re.split(r"\s[#;]", value)[0].strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
