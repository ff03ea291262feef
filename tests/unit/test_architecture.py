# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the house rules of docs/architecture.md: which part may import which, and that no control is half there."""

from __future__ import annotations

import ast
import importlib.util
import pathlib
import re
import sys
import types
import typing as t

import pytest
import yaml

from ansible_collections.infosec.principles.plugins.module_utils._controls.catalogue import CATALOGUE
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import (
    COMMON_OPTIONS,
    RUN_OPTIONS,
    Control,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import RISKS

ROOT = pathlib.Path(__file__).resolve().parents[2]
OURS = "ansible_collections.infosec.principles."
SOURCES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("plugins/**/*.py"))
ON_HOSTS = [source for source in SOURCES if source.startswith(("plugins/module_utils/", "plugins/modules/"))]

UTILS = "plugins.module_utils."
CONTROLS = UTILS + "_controls."
ENGINE, HOST, FORMATS = UTILS + "_engine.", UTILS + "_host.", UTILS + "_formats."
REACHABILITY = UTILS + "_reachability."
ROTATION = UTILS + "_rotation."
CERTIFICATES = UTILS + "_certificates."
CONTROLLER = "plugins.plugin_utils."

# Where a file lies -> what of ours it may import. The longest match counts.
MAY_IMPORT = {
    ENGINE: (ENGINE,),
    FORMATS: (FORMATS, ENGINE),
    HOST: (HOST, FORMATS, ENGINE),
    CONTROLS: (CONTROLS, HOST, FORMATS, ENGINE),
    UTILS: (CONTROLS, HOST, FORMATS, ENGINE, UTILS + "_plumbing"),
    REACHABILITY: (REACHABILITY,),
    ROTATION: (ROTATION, HOST, FORMATS, ENGINE),
    CERTIFICATES: (CERTIFICATES, HOST, FORMATS, ENGINE),
    "plugins.modules.": (UTILS,),
    CONTROLLER: (CONTROLLER, UTILS),
    "plugins.action.": (CONTROLLER, UTILS),
    "plugins.callback.": (CONTROLLER, UTILS),
    "plugins.doc_fragments.": (),
    "plugins.filter.": (CONTROLLER, UTILS),
}


def imports(text: str) -> set[str]:
    """The full names of all modules that a source imports."""
    names = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: a relative import"
            names |= {_module(str(node.module), alias.name) for alias in node.names}
    return names


def _module(base: str, name: str) -> str:
    """`from package import module` and `from module import name` look alike; a file tells them apart."""
    path = ROOT / f"{base.removeprefix(OURS)}.{name}".replace(".", "/")
    return f"{base}.{name}" if path.with_suffix(".py").exists() else base


def name_of(source: str) -> str:
    return source.removesuffix(".py").replace("/", ".")


def forbidden(name: str, text: str) -> list[str]:
    """What the module `name` of ours (text: its source) imports against the rules."""
    place = max((place for place in MAY_IMPORT if name.startswith(place)), key=len)
    ours = sorted(found.removeprefix(OURS) for found in imports(text) if found.startswith(OURS))
    return [found for found in ours if not found.startswith(MAY_IMPORT[place]) or _is_sibling(name, found)]


def _is_sibling(name: str, imported: str) -> bool:
    """Whether one control imports another."""
    return imported in CONTROL_FILES and name.startswith(CONTROLS) and name != CONTROLS + "catalogue"


CONTROL_FILES = {f"{CONTROLS}{control.principle}.{control.name}" for control in CATALOGUE.values()}


@pytest.mark.parametrize("source", SOURCES)
def test_imports_go_one_way(source: str) -> None:
    assert forbidden(name_of(source), (ROOT / source).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        (ENGINE + "run", HOST + "host"),
        (ENGINE + "run", CONTROLS + "catalogue"),
        (FORMATS + "ini", HOST + "host"),
        (HOST + "units", CONTROLS + "catalogue"),
        (CONTROLS + "patching.automatic_updates", CONTROLS + "exposed_services.unused_sshd"),
        (CONTROLS + "patching.automatic_updates", CONTROLLER + "_report.model"),
        ("plugins.modules.unused_sshd", CONTROLLER + "_report.model"),
    ],
)
def test_the_rules_forbid(importer: str, imported: str) -> None:
    assert forbidden(importer, f"from {OURS}{imported} import something") == [imported]
    assert forbidden(importer, f"import {OURS}{imported}") == [imported]


@pytest.mark.parametrize("source", ON_HOSTS)
def test_hosts_need_python_3_9_and_its_library_alone(source: str) -> None:
    text = (ROOT / source).read_text(encoding="utf-8")
    ast.parse(text, feature_version=(3, 9))
    foreign = {name for name in imports(text) if not name.startswith(("ansible.module_utils.", OURS + UTILS))}
    assert {name for name in foreign if name.split(".")[0] not in sys.stdlib_module_names} == set()


@pytest.mark.parametrize("source", SOURCES)
def test_every_file_carries_its_licence_and_utilities_their_warning(source: str) -> None:
    head = (ROOT / source).read_text(encoding="utf-8")[:600]
    assert "SPDX-License-Identifier: GPL-3.0-or-later" in head
    assert "_utils/" not in source or "# PRIVATE to the collection: may change at any time." in head


def test_plugins_are_namespace_packages() -> None:
    assert list(ROOT.glob("plugins/**/__init__.py")) == []


@pytest.mark.parametrize("source", [source for source in SOURCES if source.startswith("plugins/filter/")])
def test_filters_import_only_when_called(source: str) -> None:
    """For the first filter of ours that it meets, Ansible loads all of them, in each of its processes anew."""
    tree = ast.parse((ROOT / source).read_text(encoding="utf-8"))
    at_the_top = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert [name for node in at_the_top for name in imports(ast.unparse(node)) if name.startswith(OURS)] == []


@pytest.mark.parametrize("source", [source for source in SOURCES if source.startswith("plugins/modules/")])
def test_modules_are_thin(source: str) -> None:
    tree = ast.parse((ROOT / source).read_text(encoding="utf-8"))
    (main,) = (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "main")
    assert (main.end_lineno or 0) - main.lineno + 1 < 20


# The catalogue

controls = pytest.mark.parametrize("control", CATALOGUE.values(), ids=list(CATALOGUE))


@pytest.fixture(scope="session")
def docs() -> types.ModuleType:
    """docs/generate.py."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load(path: str) -> t.Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


@controls
def test_control_lies_where_its_name_says(control: Control) -> None:
    assert (ROOT / f"plugins/module_utils/_controls/{control.principle}/{control.name}.py").is_file()


@controls
def test_control_has_well_formed_rules(control: Control) -> None:
    names = [rule.name for rule in control.rules]
    assert names
    assert len(set(names)) == len(names)
    for rule in control.rules:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", rule.name)
        assert rule.risk in RISKS
        assert 0 < len(rule.title) <= 100
        assert rule.remedy
        assert rule.reference.startswith("https://")


@controls
def test_control_has_a_module_that_documents_every_option(control: Control, docs: types.ModuleType) -> None:
    documented = docs.documentation(control.name)
    assert documented["module"] == control.name
    assert set(documented["options"]) == {*control.options, *COMMON_OPTIONS, *RUN_OPTIONS}


@controls
def test_control_runs_through_the_controllers_half(control: Control) -> None:
    runtime = load("meta/runtime.yml")
    assert runtime["plugin_routing"]["modules"][control.name] == {"action_plugin": "infosec.principles.harden"}
    assert control.name in runtime["action_groups"]["all"]


def test_runtime_names_no_module_that_is_not_there() -> None:
    runtime = load("meta/runtime.yml")
    assert set(runtime["plugin_routing"]["modules"]) == set(CATALOGUE)
    assert set(runtime["action_groups"]["all"]) == {*CATALOGUE, "harden"}


@controls
def test_control_has_a_place_in_its_role(control: Control) -> None:
    defaults = load(f"roles/{control.principle}/defaults/main.yml")
    # Its options are compared with those of the template in roles/test_roles.py.
    assert f"'{control.name}': {{" in defaults[f"{control.principle}_controls"]


@controls
def test_control_has_tests_and_pairs(control: Control) -> None:
    assert (ROOT / f"tests/unit/pairs/{control.name}.py").is_file()
    assert list(ROOT.glob(f"tests/unit/plugins/module_utils/_controls/{control.principle}/test_{control.name}*.py"))


def test_page_of_controls_is_up_to_date(docs: types.ModuleType) -> None:
    assert docs.PAGE.read_text(encoding="utf-8") == docs.page(), "run `make docs` and commit docs/controls.md"
