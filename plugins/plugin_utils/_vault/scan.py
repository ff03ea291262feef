# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Looks through a project for secrets that Ansible Vault does not protect. No value ever leaves this file's results."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import typing as t

import yaml

from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import FAIL, NOT_ASSESSED, PASS
from ansible_collections.infosec.principles.plugins.plugin_utils import _libraries
from ansible_collections.infosec.principles.plugins.plugin_utils._vault import (
    password_files,
    project,
    rules,
    tasks,
    variables,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._vault.values import NAMED, Detectors, Judge

if t.TYPE_CHECKING:
    Record = dict[str, t.Any]

_HEADER = "$ANSIBLE_VAULT;"
_WHOLE = "it is no variable; encrypt the file as a whole (`ansible-vault encrypt`), which `copy` and `template` open"
_IN_A_TASK = "it is part of a task's text; move the secret to a variable of its own and refer to that"
_NO_VARIABLE = "it stands in a comment or a name; remove it"


@dataclasses.dataclass(frozen=True)
class Secret:
    """A secret in plain. kind: what it is taken for."""

    source: project.Source
    value: variables.Value
    kind: str

    @property
    def subject(self) -> str:
        """The file and the variable in it."""
        return f"{self.source.name}:{self.value.path}"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What to look through. password_files: those that Ansible was told of. exclude: patterns of names."""

    root: pathlib.Path
    inventories: tuple[pathlib.Path, ...] = ()
    exclude: tuple[str, ...] = ()
    password_files: tuple[str, ...] = ()


@dataclasses.dataclass
class Found:
    """What a project has."""

    files: dict[pathlib.Path, str]
    secrets: list[Secret] = dataclasses.field(default_factory=list)
    leaks: list[tuple[str, tasks.Leak]] = dataclasses.field(default_factory=list)
    #: Files that could not be read, each with why; and how many were.
    unread: dict[str, str] = dataclasses.field(default_factory=dict)
    read: int = 0


class Scan:
    """Looks through the project once. Raises AnsibleError where detect-secrets is missing, project.TooMany, OSError."""

    def __init__(self, wanted: Wanted) -> None:
        self._detectors = Detectors()
        self._judge = Judge(self._detectors)
        self._found = Found(project.files(wanted.root, wanted.inventories, wanted.exclude))
        self._documents: list[tuple[str, variables.Document]] = []
        self._names: set[str] = set()
        self._holders: set[str] = set()

    def found(self) -> Found:
        """What there is, in the order of the files' names."""
        for source in project.sources(self._found.files):
            try:
                self._look(source, project.read(source.path).decode("utf-8"))
                self._found.read += 1
            except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as exc:
                self._miss(source, exc)
        secrets = tasks.Secrets(frozenset(self._names), frozenset(self._holders))
        for name, document in self._documents:
            self._found.leaks += [(name, leak) for leak in tasks.leaks(document.root, secrets)]
        return self._found

    def _miss(self, source: project.Source, exc: Exception) -> None:
        # What is binary, or no YAML, is none of Ansible's where other programs read it. The parser's text may quote it.
        mark = getattr(exc, "problem_mark", None)
        if source.reader == project.YAML:
            where = f" (line {mark.line + 1})" if mark else ""
            self._found.unread[source.name] = f"{type(exc).__name__}{where}"

    def _look(self, source: project.Source, text: str) -> None:
        if text.startswith(_HEADER):
            return
        secrets: list[Secret] = []
        if source.reader != project.TEXT:
            values = self._values(source, text)
            secrets = [_secret(source, value, kind) for value in values if (kind := self._kind(value))]
            self._remember(one.value for one in secrets)
        self._found.secrets += [*secrets, *self._in_text(source, text, secrets)]

    def _values(self, source: project.Source, text: str) -> list[variables.Value]:
        if source.reader == project.INI:
            return list(variables.ini_values(text))
        document = variables.Document(text)
        values = list(document.values())
        self._remember(document.encrypted)
        self._documents.append((source.name, document))
        return values

    def _remember(self, secrets: t.Iterable[variables.Value]) -> None:
        """The variables that are secrets, and those that have some within, by what tasks call them."""
        for value in secrets:
            root = value.path.partition(".")[0].partition("[")[0]
            (self._names if root == value.path else self._holders).add(root)

    def _kind(self, value: variables.Value) -> str:
        return self._judge.kind(value.name, value.text, value.number)

    def _in_text(self, source: project.Source, text: str, known: t.Sequence[Secret]) -> t.Iterator[Secret]:
        """What only the patterns of detect-secrets know, in comments and in files of others; each kind once a file."""
        if not self._detectors.kind(text):
            return
        why = _WHOLE if source.reader == project.TEXT else _NO_VARIABLE
        told = {line for one in known for line in one.value.lines(text)}
        kinds: dict[str, int] = {}
        for number, line in enumerate(text.splitlines(), start=1):
            kind = "" if number in told else self._detectors.kind(line)
            if kind:
                kinds.setdefault(kind, number)
        for kind, number in kinds.items():
            yield Secret(source, variables.Value("", kind.lower(), "", number, by_hand=why), kind)


def _secret(source: project.Source, value: variables.Value, kind: str) -> Secret:
    """What has no name of its own in a task is part of a command or a text, which Ansible wants to read before."""
    if value.path.startswith("[") and not kind.startswith(NAMED) and not value.by_hand:
        value = dataclasses.replace(value, by_hand=_IN_A_TASK)
    return Secret(source, value, kind)


# Findings


def findings(wanted: Wanted) -> list[Record]:
    """Every finding about the project."""
    if not _libraries.has_detect_secrets():
        why = _libraries.missing("detect-secrets")
        rest = project.files(wanted.root, wanted.inventories, wanted.exclude)
        blind = [rules.finding(rule, "project", NOT_ASSESSED, f"{why}.") for rule in rules.RULES[:2]]
        return [*blind, *_of_password_files(wanted, rest)]
    found = Scan(wanted).found()
    secrets = [*map(_plain, found.secrets), *_unread(found)]
    leaks = [_printed(name, leak) for name, leak in found.leaks]
    return [
        *(secrets or [_clean(rules.PLAIN_SECRET, f"None of {found.read} files has a secret in plain.")]),
        *(leaks or [_clean(rules.PRINTED_SECRET, f"No task of {found.read} files prints a secret.")]),
        *_of_password_files(wanted, found.files),
    ]


def _clean(rule: t.Any, message: str) -> Record:
    return rules.finding(rule, "project", PASS, message)


def _plain(secret: Secret) -> Record:
    where = f"{secret.source.name}:{secret.value.line}"
    by_hand = secret.value.by_hand
    message = f"Line {secret.value.line} of {secret.source.name} has a secret in plain: {secret.kind}."
    remedy = (
        f"By hand, since {by_hand}. Then replace the secret itself: the versions in git still have it."
        if by_hand
        else ""
    )
    return rules.finding(rules.PLAIN_SECRET, secret.subject, FAIL, message, [(where, secret.kind)], remedy)


def _unread(found: Found) -> t.Iterator[Record]:
    for name, why in found.unread.items():
        message = f"{name} could not be read as YAML, so that nothing is known of it: {why}."
        yield rules.finding(rules.PLAIN_SECRET, name, NOT_ASSESSED, message, [(name, why)])


def _printed(name: str, leak: tasks.Leak) -> Record:
    message = f"The task at line {leak.line} of {name} prints {leak.variable}: it uses it and has no `no_log`."
    return rules.finding(
        rules.PRINTED_SECRET, f"{name}:{leak.task}", FAIL, message, [(f"{name}:{leak.line}", leak.variable)]
    )


def _of_password_files(wanted: Wanted, files: t.Mapping[pathlib.Path, str]) -> list[Record]:
    every = password_files.every(wanted.root, files, wanted.password_files)
    if not every:
        return [_clean(rules.PASSWORD_FILE, "No file with a password of Ansible Vault is known.")]
    return [_of_password_file(wanted.root, path) for path in every]


def _of_password_file(root: pathlib.Path, path: pathlib.Path) -> Record:
    name = os.path.relpath(path, root) if path.is_relative_to(root) else str(path)
    verdict = password_files.judge(path)
    if verdict.faults:
        message = f"{name} has a password of Ansible Vault, and {' and '.join(verdict.faults)}."
        return rules.finding(rules.PASSWORD_FILE, name, FAIL, message, [(name, fault) for fault in verdict.faults])
    status = NOT_ASSESSED if verdict.unknown else PASS
    told = f"{name} is readable by its owner alone"
    message = f"{told}, but {verdict.unknown}." if verdict.unknown else f"{told} and not in git."
    return rules.finding(rules.PASSWORD_FILE, name, status, message)
