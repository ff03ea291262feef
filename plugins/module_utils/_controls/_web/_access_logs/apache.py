# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Apache httpd: the access logs of a site, by the rules of mod_log_config.

A virtual host that has a log of its own is not written to those of the main server, but to each GlobalLog.
"""

from __future__ import annotations

import posixpath
import re

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import apache
from ansible_collections.infosec.principles.plugins.module_utils._controls._web._access_logs.model import (
    Log,
    Logs,
    best,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import access_log
from ansible_collections.infosec.principles.plugins.module_utils._formats.apache_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

LOGS = ("customlog", "transferlog")
_ROTATE = re.compile(r"\|+\$?\s*(?:\S*/)?(?:rotatelogs|cronolog)\b(?:\s+-[a-zA-Z](?:\s+\d+)?)*\s+(/\S+)")
#: mod_log_config's own, where a LogFormat without a name does not say otherwise.
_DEFAULT = access_log.COMMON


def logs(host: Host, instance: apache.Instance, site: apache.Site) -> Logs:
    """Those of a site."""
    own = [one for one in apache.flat(site.block) if one.name in LOGS]
    main = [one for one in apache.flat(site.main) if one.name in LOGS]
    everywhere = [one for one in apache.flat(site.main) if one.name == "globallog"]
    found: list[Log] = []
    doubts: list[str] = []
    for one in (*(own or main), *everywhere):
        log, doubt = _log(one, site, _root(instance))
        found += [log] if log else []
        doubts += [doubt] if doubt else []
    told = best(tuple(found), tuple(doubts))
    others = {name for other in instance.sites for name in other.names} - set(site.names)
    return Logs(told.all, told.doubt, frozenset(others))


def _root(instance: apache.Instance) -> str:
    said = [one.arguments[0] for one in instance.tree if one.name == "serverroot" and one.arguments]
    return said[-1] if said else instance.layout.root


def _log(one: Directive, site: apache.Site, root: str) -> tuple[Log | None, str]:
    """The log of a directive, or why it cannot be read."""
    target, *rest = one.arguments or ("",)
    words = [word for word in rest if not re.match(r"(?:env|expr)=", word)]
    text = _format(site, words[0]) if one.name != "transferlog" and words else _unnamed(site)
    doubt = "" if len(words) == len(rest) else f"{_what(one)} is written under a condition ({rest[-1]})"
    rotated = _ROTATE.match(target)
    if rotated:
        return Log(_pattern(rotated[1]), text, "apache", doubt), ""
    if target.startswith("|"):
        return None, f"{_what(one)} goes to a program, whose files are not known here"
    if re.match(r"(?:syslog|journald)(?::|$)", target):
        return None, f"{_what(one)} goes to {target.partition(':')[0]}, where it is not looked for"
    if not target or "${" in target:
        return None, f"{_what(one)} goes to a path that is not known here"
    return Log(posixpath.join(root, target), text, "apache", doubt), ""


def _what(one: Directive) -> str:
    names = {"customlog": "CustomLog", "transferlog": "TransferLog", "globallog": "GlobalLog"}
    return f"{names[one.name]} at {one.place}"


def _pattern(path: str) -> str:
    """Where a program puts the date, or appends it."""
    return re.sub(r"%[A-Za-z%](?:[-_:T.]?%[A-Za-z%])*", "*", path) if "%" in path else f"{path}.*"


def _format(site: apache.Site, word: str) -> str:
    """What a nickname stands for, here or in the main server; else it is a format itself."""
    for block in (site.block, site.main):
        for one in reversed([*apache.flat(block)]):
            if one.name == "logformat" and len(one.arguments) > 1 and one.arguments[1] == word:
                return _unquoted(one.arguments[0])
    return _unquoted(word) if "%" in word else _DEFAULT


def _unnamed(site: apache.Site) -> str:
    """The format of a TransferLog: the last that has no name, or the nickname that it says."""
    for block in (site.block, site.main):
        for one in reversed([*apache.flat(block)]):
            if one.name == "logformat" and len(one.arguments) == 1:
                return _format(site, one.arguments[0])
    return _DEFAULT


def _unquoted(text: str) -> str:
    return re.sub(r'\\(["\\])', r"\1", text)
