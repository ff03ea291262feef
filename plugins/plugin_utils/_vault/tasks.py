# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Tasks that would print a secret: one is in what they do or loop over, and nothing there says `no_log`."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import yaml
from ansible.playbook.task import Task

from ansible_collections.infosec.principles.plugins.plugin_utils._vault import names

_KEYWORDS = frozenset(Task.fattributes) | {"local_action", "block", "rescue", "always"}
_LISTS = ("pre_tasks", "tasks", "post_tasks", "handlers", "block", "rescue", "always")
#: They only name other files, or evaluate and print nothing of it.
_QUIET = re.compile(r"(ansible\.(builtin|legacy)\.)?(import_\w+|include\w*|assert|meta|set_stats|wait_for\w*|pause)")
#: What they are given is printed as it is, whatever the option is called.
_LOUD = re.compile(r"(\w+\.\w+\.)?(debug|set_fact|command|shell|raw|script|expect|fail|add_host|win_command|win_shell)")
_EXPRESSION = re.compile(r"\{\{(.*?)\}\}|\{%(.*?)%\}", re.DOTALL)
_LITERAL = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_STORES = re.compile(
    r"(lookup|query|q)\(\s*['\"][\w.]*(hashi_vault|vault\w*|password\w*|passwordstore|bitwarden\w*|onepassword\w*|secret\w*"
    r"|aws_ssm|keyring|lastpass|conjur\w*|cyberark\w*|tss|dsv|unvault)['\"]"
)


@dataclasses.dataclass(frozen=True)
class Leak:
    """A task that prints a secret. variable: the name of one that it uses."""

    task: str
    line: int
    variable: str


@dataclasses.dataclass(frozen=True)
class Secrets:
    """Names of variables. values: that are secrets. holders: that have some within, so that a loop prints them."""

    values: frozenset[str]
    holders: frozenset[str] = frozenset()


def leaks(root: t.Any, secrets: Secrets) -> t.Iterator[Leak]:
    """The tasks of a playbook or a list of tasks that use a secret without `no_log`."""
    if isinstance(root, yaml.SequenceNode):
        for item in root.value:
            yield from _judge(item, secrets, quiet=False)


def _judge(node: t.Any, secrets: Secrets, quiet: bool) -> t.Iterator[Leak]:
    if not isinstance(node, yaml.MappingNode):
        return
    members = {str(key.value): value for key, value in node.value}
    quiet = quiet or ("no_log" in members and str(members["no_log"].value).lower() not in ("false", "no", "off", "0"))
    lists = [members[name] for name in _LISTS if name in members]
    for item in (item for one in lists if isinstance(one, yaml.SequenceNode) for item in one.value):
        yield from _judge(item, secrets, quiet)
    if not quiet and not lists and "hosts" not in members:
        yield from _task(node, members, secrets)


def _task(node: t.Any, members: dict[str, t.Any], secrets: Secrets) -> t.Iterator[Leak]:
    aliases = {name for name, value in _pairs(members.get("vars")) if _first(_texts(value), secrets.values)}
    known = {*secrets.values, *aliases}
    used = _first(_printed(members), known) or _first(_looped(members), known | secrets.holders)
    if used:
        named = members["name"].value if "name" in members else next(_actions(members), ("task", None))[0]
        yield Leak(str(named), node.start_mark.line + 1, used)


def _printed(members: dict[str, t.Any]) -> t.Iterator[str]:
    """What the module is given, as far as Ansible prints it."""
    for action, given in _actions(members):
        if not _QUIET.fullmatch(action):
            yield from _options(given, loud=_LOUD.fullmatch(action) is not None)


def _looped(members: dict[str, t.Any]) -> t.Iterator[str]:
    """What a loop goes over: Ansible prints each item, unless a label stands for it."""
    if not any(key == "label" for key, _value in _pairs(members.get("loop_control"))):
        loops = (value for name, value in members.items() if name == "loop" or name.startswith("with_"))
        yield from (text for value in loops for text in _texts(value))


def _actions(members: dict[str, t.Any]) -> t.Iterator[tuple[str, t.Any]]:
    for name, value in members.items():
        if name not in _KEYWORDS and not name.startswith("with_"):
            yield name, value
            if "args" in members:
                yield name, members["args"]
        elif name in ("action", "local_action"):
            yield str(dict(_pairs(value)).get("module", value).value).split(" ", 1)[0], value


def _options(given: t.Any, loud: bool) -> t.Iterator[str]:
    """An option that is named like a secret is `no_log` in its module, which Ansible itself wants."""
    if not isinstance(given, yaml.MappingNode):
        yield from _texts(given)
        return
    for name, value in _pairs(given):
        if loud and name == "var":
            yield from (f"{{{{ {text} }}}}" for text in _texts(value))
        elif loud or not (names.kind(name) or name == "auth"):
            yield from _texts(value)


def _pairs(node: t.Any) -> t.Iterator[tuple[str, t.Any]]:
    """The members of a mapping, those that it takes over from others (`<<`) among them."""
    for key, value in node.value if isinstance(node, yaml.MappingNode) else ():
        if key.value == "<<":
            others = value.value if isinstance(value, yaml.SequenceNode) else [value]
            yield from (pair for other in others for pair in _pairs(other))
        else:
            yield str(key.value), value


def _texts(node: t.Any) -> t.Iterator[str]:
    if isinstance(node, yaml.ScalarNode):
        yield str(node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from (text for item in node.value for text in _texts(item))
    else:
        yield from (text for _name, value in _pairs(node) for text in _texts(value))


def _first(texts: t.Iterable[str], secrets: t.Collection[str]) -> str:
    """The first secret that these refer to; nothing where they refer to none."""
    return next((name for text in texts for name in _used(text, secrets)), "")


def _used(text: str, secrets: t.Collection[str]) -> t.Iterator[str]:
    """The secrets that the templates of a text refer to."""
    for match in _EXPRESSION.finditer(text):
        expression = match[1] or match[2] or ""
        if _STORES.search(expression):
            yield "a store of secrets"
        bare = re.sub(
            r"\s(is|is not)\s+\w+|\|\s*[\w.]+|\b(lookup|query|q)\s*(?=\()|\w+\s*(?==[^=])|\w+\s*(?=\()",
            " ",
            _LITERAL.sub("''", expression),
        )
        for name in re.findall(r"[A-Za-z_]\w*", bare):
            if name in secrets or names.kind(name):
                yield name
