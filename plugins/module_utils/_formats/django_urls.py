# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a urls.py of Django leads to: its administration, and other files. Nothing of it is run.

After Django's documentation of django.urls: path() takes a route, re_path() and url() a regular expression, include()
another module of patterns, and i18n_patterns() puts the language before them.
"""

from __future__ import annotations

import ast
import dataclasses
import re
import typing as t

#: A file of patterns has no more.
MAX_SIZE = 1024 * 1024
_CALLS = ("path", "re_path", "url")


@dataclasses.dataclass(frozen=True)
class Urls:
    """admin: the routes of `admin.site.urls`. includes: (route, module) of others. Routes have no "/" before them."""

    admin: tuple[str, ...] = ()
    includes: tuple[tuple[str, str], ...] = ()


def parse(text: str, language: str = "en") -> Urls:
    """The routes that can be read from the source. language: stands for those of i18n_patterns. Raises ValueError."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, RecursionError, MemoryError) as exc:
        raise ValueError(f"no source of Python ({type(exc).__name__})") from exc
    admin: list[str] = []
    includes: list[tuple[str, str]] = []
    for call, before in _calls(tree, "", f"{language}/"):
        route = _route(call)
        if route is not None and _is_admin(call.args[1]):
            admin.append(before + route)
        elif route is not None:
            includes += [(before + route, module) for module in _included(call.args[1])]
    return Urls(tuple(dict.fromkeys(admin)), tuple(dict.fromkeys(includes)))


def _calls(tree: ast.AST, before: str, language: str) -> t.Iterator[tuple[ast.Call, str]]:
    """Each path(), with the language before it where i18n_patterns() is around it."""
    waiting = [(tree, before)]
    while waiting:
        node, before = waiting.pop()
        if isinstance(node, ast.Call):
            if _name(node.func) in _CALLS:
                yield node, before
            elif _name(node.func) == "i18n_patterns":
                before += language
        waiting += [(child, before) for child in ast.iter_child_nodes(node)]


def _name(node: ast.AST) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _route(call: ast.Call) -> str | None:
    """What stands before the path; None where only running it would tell."""
    if len(call.args) < 2 or not isinstance(call.args[0], ast.Constant) or not isinstance(call.args[0].value, str):
        return None
    route = call.args[0].value
    if _name(call.func) != "path":
        route = re.sub(r"\\([./-])", r"\1", route.lstrip("^").rstrip("$"))
        return None if re.search(r"[\\^$*+?{}\[\]|()]", route) else route
    return None if "<" in route else route


def _is_admin(node: ast.AST) -> bool:
    """admin.site.urls, also in include(), and the same of a site of the project's own (crm_admin_site.urls)."""
    if isinstance(node, ast.Call) and _name(node.func) == "include" and node.args:
        return _is_admin(node.args[0])
    return isinstance(node, ast.Attribute) and node.attr == "urls" and "site" in _name(node.value)


def _included(node: ast.AST) -> t.Iterator[str]:
    """The module of include("shop.urls"), include(("shop.urls", "shop")) and include(shop.urls)."""
    if isinstance(node, ast.Call) and _name(node.func) == "include" and node.args:
        named = node.args[0].elts[0] if isinstance(node.args[0], ast.Tuple) and node.args[0].elts else node.args[0]
        if isinstance(named, ast.Constant) and isinstance(named.value, str):
            yield named.value
        elif isinstance(named, ast.Attribute):
            yield ast.unparse(named)
