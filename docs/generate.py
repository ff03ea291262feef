# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/controls.md from the catalogue of controls and the documentation of their modules (`make docs`)."""

from __future__ import annotations

import ast
import pathlib
import re
import sys
import typing as t

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "controls.md"

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / ".collections"))

from ansible_collections.infosec.principles.plugins.module_utils._controls.catalogue import CATALOGUE
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Rule
from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import rules as dependencies
from ansible_collections.infosec.principles.plugins.plugin_utils._vault import rules as vault

#: Rules by which the controller judges what a control of the same name has found.
ON_CONTROLLER = {dependencies.CONTROL: (dependencies.VULNERABLE,)}

HEAD = """\
<!-- Made by `make docs` from the catalogue of controls; edit the controls, not this page. -->
# The controls

Each control is a module of the same name, and an entry of `controls` of `infosec.principles.harden`.
`ansible-doc infosec.principles.NAME` tells everything about one.
"""


def page(catalogue: t.Mapping[str, Control] = CATALOGUE) -> str:
    """The whole page."""
    principles = dict.fromkeys(control.principle for control in catalogue.values())
    return "\n".join([HEAD, *(section(name, catalogue) for name in principles), *at_home()])


def section(principle: str, catalogue: t.Mapping[str, Control]) -> str:
    """One principle: the controls of its role."""
    controls = [control for control in catalogue.values() if control.principle == principle]
    return "\n".join([f"## {principle}\n", *map(entry, controls)])


def entry(control: Control) -> str:
    """One control: its rules and its options."""
    return "\n".join(
        [
            f"### {control.name}\n",
            f"{control.title}.\n",
            "| rule | passes when | risk | remedy |",
            "| --- | --- | --- | --- |",
            *(
                row(f"{control.name}.{rule.name}", rule)
                for rule in (*control.rules, *ON_CONTROLLER.get(control.name, ()))
            ),
            "",
            *options(control),
        ]
    )


def at_home() -> list[str]:
    """What judges the controller's own files: its rules; the module is no entry of `controls`."""
    rules = (row(rule.id, rule.rule) for rule in vault.RULES)
    return [
        "## the controller\n",
        f"### {vault.CONTROL}\n",
        "Secrets of the project are encrypted. A module of its own, once a run: [vault.md](vault.md).\n",
        "| rule | passes when | risk | remedy |",
        "| --- | --- | --- | --- |",
        *rules,
        "",
    ]


def row(name: str, rule: Rule) -> str:
    """One rule; its name leads to the page that it comes from."""
    return f"| [`{name}`]({rule.reference}) | {cell(rule.title)} | {rule.risk} | {cell(rule.remedy)} |"


def options(control: Control) -> list[str]:
    """The table of the control's own options; none where it has none."""
    documented = documentation(control.name)["options"]
    rows = [
        f"| `{name}` | {default(spec)} | {cell(plain(documented[name]['description']))} |"
        for name, spec in sorted(control.options.items())
    ]
    return ["| option | default | meaning |", "| --- | --- | --- |", *rows, ""] if rows else []


def documentation(module: str) -> dict[str, t.Any]:
    """DOCUMENTATION of a module, with the options that it takes from the fragments of this collection."""
    document = _literals(ROOT / "plugins" / "modules" / f"{module}.py")["DOCUMENTATION"]
    own: dict[str, t.Any] = yaml.safe_load(document)
    shared: dict[str, t.Any] = {}
    for fragment in own.get("extends_documentation_fragment", []):
        name, *section = fragment.split(".")[2:]
        texts = _literals(ROOT / "plugins" / "doc_fragments" / f"{name}.py")
        text = texts[section[0].upper() if section else "DOCUMENTATION"]
        shared.update(yaml.safe_load(text).get("options") or {})
    return {**own, "options": {**shared, **(own.get("options") or {})}}


def _literals(path: pathlib.Path) -> dict[str, str]:
    """All names of a file that are set to a plain text."""
    return {
        node.targets[0].id: node.value.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def default(spec: t.Mapping[str, t.Any]) -> str:
    """The default of an option, as one writes it in YAML."""
    if spec.get("required"):
        return "*required*"
    value = spec.get("default")
    return f"`{yaml.safe_dump(value, default_flow_style=True).split('...')[0].strip()}`" if value is not None else ""


def plain(description: str | list[str]) -> str:
    """Ansible's mark-up as Markdown."""
    text = description if isinstance(description, str) else " ".join(description)
    return re.sub(r"\b(?:RV|[OVCEMPI])\(((?:ignore:)?)([^()#]*)(?:#\w+)?\)", r"`\2`", text)


def cell(text: str) -> str:
    """A text that stays inside one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
