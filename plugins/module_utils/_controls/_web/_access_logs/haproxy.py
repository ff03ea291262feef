# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""HAProxy: where a section logs requests, by its `log` lines, and in which format.

It writes no files by itself: it sends lines to syslog, whose file is found by its name, or to the journal.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import haproxy
from ansible_collections.infosec.principles.plugins.module_utils._controls._web._access_logs.model import (
    JOURNAL,
    Log,
    Logs,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import access_log
from ansible_collections.infosec.principles.plugins.module_utils._formats.haproxy_cfg import Line, Section
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

RSYSLOG = ("/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf", "/etc/syslog-ng/*.conf", "/etc/syslog-ng/conf.d/*.conf")
#: A file for HAProxy alone; in one for all programs the others' lines would be taken for its own.
_FILE = re.compile(r"/[\w./-]*haproxy[\w.-]*(?<=[\w])")
#: Levels above that of requests ("info"): a `log` line that wants these gets no requests.
QUIET = ("emerg", "alert", "crit", "err", "warning", "notice")
_LOCAL = re.compile(r"/.*|(?:127\.0\.0\.1|localhost|::1|\[::1\])(?::\d+)?|(?:unix|abns)@.*")
_STANDARD = re.compile(r"stdout|stderr|fd@[12]")
FORMATS = {"httplog": access_log.HAPROXY_HTTP, "httpslog": access_log.HAPROXY_HTTP, "tcplog": ""}


def logs(host: Host, instance: haproxy.Instance, place: str) -> Logs:
    """Those of the section whose `bind` is at that place."""
    section = next(bind.section for bind in instance.binds if bind.line.place == place)
    lines = [line for one in (*_defaults(instance, section), section) for line in one.lines]
    if any(line.texts[:2] == ("no", "log") for line in section.lines):
        return Logs(doubt=f"the section at {section.head.place} says `no log`")
    text = _format(lines)
    if not text:
        return Logs(doubt=f"the section at {section.head.place} logs connections and no requests (no option httplog)")
    targets = [line.texts for line in lines if line.name == "log"]
    if any(words[1:2] == ("global",) for words in targets):
        targets += [line.texts for one in instance.of("global") for line in one.all("log")]
    found = _where(host, [words for words in targets if words[-1] not in QUIET], text, _doubt(lines))
    # With "~" where the request came by TLS.
    others = {name for one in instance.of("frontend", "listen") for name in (one.name, f"{one.name}~")}
    own = {section.name, f"{section.name}~"}
    return dataclasses.replace(found, others=frozenset(name.lower() for name in others - own))


def _defaults(instance: haproxy.Instance, section: Section) -> list[Section]:
    """The defaults that it names (`from`), else those before it."""
    words = section.head.texts
    named = words[words.index("from") + 1] if "from" in words[:-1] else ""
    before: list[Section] = []
    for one in instance.sections:
        if one is section:
            break
        if one.kind == "defaults" and (not named or one.name == named):
            before = [one]
    return before


def _format(lines: t.Iterable[Line]) -> str:
    """What the last line says; "" where no requests are logged."""
    found = ""
    for line in lines:
        if line.name == "log-format" and len(line.texts) > 1:
            found = line.texts[1]
        if line.name == "option" and len(line.texts) > 1:
            clf = line.texts[1:3] == ("httplog", "clf")
            found = access_log.HAPROXY_CLF if clf else FORMATS.get(line.texts[1], found)
    return found


def _doubt(lines: t.Iterable[Line]) -> str:
    """What keeps requests out of the log."""
    for line in lines:
        if line.texts[:2] == ("option", "dontlog-normal"):
            return f"`option dontlog-normal` at {line.place} leaves out what succeeds"
        if line.name in ("http-request", "http-response", "http-after-response") and "set-log-level" in line.texts:
            return f"`set-log-level` at {line.place} leaves requests out under a condition"
        if line.name == "log" and "sample" in line.texts:
            return f"`log … sample` at {line.place} logs some of the requests"
    return ""


def _where(host: Host, targets: t.Sequence[tuple[str, ...]], text: str, doubt: str) -> Logs:
    local = [words for words in targets if len(words) > 1 and _LOCAL.fullmatch(words[1])]
    files = _files(host) if local else []
    if files:
        return Logs((Log(files[0], text, "haproxy", doubt),))
    if local or any(len(words) > 1 and _STANDARD.match(words[1]) for words in targets):
        return Logs((Log(f"{JOURNAL}haproxy", text, "haproxy", doubt),))
    if targets and len(targets[0]) > 1 and targets[0][1] != "global":
        return Logs(doubt="HAProxy sends its log to where it is not looked for (`log` lines)")
    return Logs(doubt="HAProxy is told to log nowhere (no `log` line)")


def _files(host: Host) -> list[str]:
    """The files that the daemon for syslog writes HAProxy's lines to."""
    found: list[str] = []
    for path in (path for pattern in RSYSLOG for path in host.glob(pattern)):
        try:
            text = re.sub(r"(?m)^\s*#.*$", "", host.read_text(path))
        except HostError:
            continue
        found += [name for name in _FILE.findall(text) if name.startswith("/var/log/") and host.exists(name)]
    return list(dict.fromkeys(found))
