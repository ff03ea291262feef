# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""nginx: the access logs of a path on a site, by the rules of ngx_http_log_module.

A block that has an `access_log` of its own takes none from the blocks around it, and a request is logged where it ends
up: in the location that serves it, after index files and rewrites.
"""

from __future__ import annotations

import posixpath
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import nginx
from ansible_collections.infosec.principles.plugins.module_utils._controls._web._access_logs.model import (
    Log,
    Logs,
    best,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import access_log
from ansible_collections.infosec.principles.plugins.module_utils._formats.nginx_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: What requests below a path with a closing slash end up as; what else lies there takes one of these ways.
PAGES = ("", "index.php", "index.html", "x")
_BUILT = re.compile(r"--(prefix|http-log-path)=(\S+)")
_NAMES = re.compile(r"\$\{?(?:host|server_name|http_host)\b\}?")


def logs(host: Host, instance: nginx.Instance, site: nginx.Site, name: str, path: str) -> Logs:
    """Those of a path of a site, asked for by that name."""
    found = [_level(host, instance, site, name, level) for level in _levels(site, path)]
    others = {one for other in instance.sites for one in other.names} - set(site.names)
    doubt = next((one.doubt for one in found if one.doubt), "")
    all_ = tuple(dict.fromkeys(log for one in found for log in one.all))
    return Logs(all_, doubt, frozenset(other.lower() for other in others))


def _levels(site: nginx.Site, path: str) -> list[tuple[Directive, ...]]:
    """The `access_log` lines in force where requests end up, each set of them once; () where there are none."""
    pages = PAGES if path.endswith("/") else ("",)
    chains = [_located(site.block, path + page) for page in pages]
    # Where `try_files` and `error_page` lead is not known from the path.
    chains += [
        [one] for one in site.block if one.name == "location" and one.arguments[:1] and one.arguments[0][0] == "@"
    ]
    found = [_in_force([site.context, site.server, *chain]) for chain in chains]
    return list(dict.fromkeys(found))


def _in_force(chain: t.Sequence[Directive]) -> tuple[Directive, ...]:
    for block in reversed(chain):
        own = tuple(one for one in block.block or () if one.name == "access_log")
        inside = tuple(two for one in block.block or () if one.name == "if" for two in one.block or ())
        conditional = tuple(two for two in inside if two.name == "access_log")
        if own or conditional:
            return (*(own or _in_force(chain[: chain.index(block)])), *conditional)
    return ()


def _located(block: t.Sequence[Directive], path: str) -> list[Directive]:
    """The locations that a path ends up in, the outermost first (ngx_http_core_find_location)."""
    here = [(one, one.arguments) for one in block if one.name == "location" and one.arguments]
    exact = [one for one, words in here if words[0] == "=" and words[-1] == path]
    if exact:
        return exact[:1]
    prefixes = [
        (words[-1], words[0], one) for one, words in here if words[0][0] not in "=~@" and path.startswith(words[-1])
    ]
    longest = max(prefixes, key=lambda found: len(found[0]), default=None)
    nested = _located(longest[2].block or (), path) if longest else []
    if not (longest and longest[1] == "^~") and not any(one.arguments[0] in ("~", "~*") for one in nested):
        for one, words in here:
            if words[0] in ("~", "~*") and _matches(words, path):
                return [one, *_located(one.block or (), path)]
    return [longest[2], *nested] if longest else []


def _matches(words: t.Sequence[str], path: str) -> bool:
    # PCRE names groups in two ways, Python in one of them.
    pattern = re.sub(r"\(\?<(?![=!])", "(?P<", words[-1])
    try:
        return bool(re.search(pattern, path, re.IGNORECASE if words[0] == "~*" else 0))
    except re.error:
        return False


def _level(host: Host, instance: nginx.Instance, site: nginx.Site, name: str, lines: tuple[Directive, ...]) -> Logs:
    """What some `access_log` lines that are in force together come to."""
    found: list[Log] = []
    doubts: list[str] = []
    for one in lines:
        doubt = _unreadable(one)
        if doubt:
            doubts.append(doubt)
            continue
        found += _files(host, instance, site, name, one)
    if not lines:
        default = _built(host).get("http-log-path", "/var/log/nginx/access.log")
        found.append(Log(default, access_log.NGINX_COMBINED, "nginx"))
    if any(one.arguments[:1] == ("off",) for one in lines):
        # `off` beside others is the one in an `if`.
        return Logs(tuple(found), doubts[0])
    return best(tuple(found), tuple(doubts))


def _unreadable(one: Directive) -> str:
    target = one.arguments[0] if one.arguments else ""
    said = {
        "off": "switches it off",
        "/dev/stdout": "writes to the standard output, which is no file",
        "/dev/stderr": "writes to the standard output, which is no file",
    }.get(target, "")
    if target.startswith("syslog:"):
        said = "sends it to syslog, where it is not looked for"
    elif "$" in _NAMES.sub("", target):
        said = "has variables in its path, which are not known here"
    return f"access_log at {one.place} {said}" if said else ""


def _files(host: Host, instance: nginx.Instance, site: nginx.Site, name: str, one: Directive) -> t.Iterator[Log]:
    text, kind = _format(instance, next(iter(word for word in one.arguments[1:] if "=" not in word), "combined"))
    target = _NAMES.sub("\0", one.arguments[0])
    shown = site.names[0] if "server_name" in one.arguments[0] and site.names else name
    path = target.replace("\0", shown if shown and not shown.startswith((".", "*", "~")) else "*")
    if not path.startswith("/"):
        path = posixpath.join(_built(host).get("prefix", "/usr/share/nginx"), path)
    for real in host.glob(path) if "\0" in target and "*" in path else [path]:
        yield Log(real, text, kind, _doubt(one))


def _doubt(one: Directive) -> str:
    options = dict(word.partition("=")[::2] for word in one.arguments[1:])
    if "if" in options:
        return f"access_log at {one.place} is written under a condition ({printable(options['if'])})"
    if ("buffer" in options or "gzip" in one.arguments or "gzip" in options) and "flush" not in options:
        return f"access_log at {one.place} keeps entries in memory without an end (buffer without flush)"
    return ""


def _format(instance: nginx.Instance, name: str) -> tuple[str, str]:
    """The text of a log_format, and how its values are escaped."""
    for one in (two for context in instance.tree if context.name == "http" for two in context.block or ()):
        if one.name == "log_format" and one.arguments[:1] == (name,):
            words = one.arguments[1:]
            escape = words[0] if words and words[0].startswith("escape=") else ""
            return "".join(words[1:] if escape else words), "nginx-raw" if escape == "escape=none" else "nginx"
    return access_log.NGINX_COMBINED, "nginx"


def _built(host: Host) -> dict[str, str]:
    """What nginx was built with."""
    return dict(_BUILT.findall(host.ask("nginx", "-V").stderr))
