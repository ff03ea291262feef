# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Programs with a port of their own: which of them keep an access log, and where."""

from __future__ import annotations

import posixpath
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web._access_logs.model import (
    JOURNAL,
    Log,
    Logs,
    best,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import Found
from ansible_collections.infosec.principles.plugins.module_utils._formats import access_log
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

if t.TYPE_CHECKING:
    import xml.etree.ElementTree as ET

MINISERV = "/etc/webmin/miniserv.conf"


def logs(host: Host, found: Found) -> Logs:
    """Those of a program. Raises HostError."""
    of = PROGRAMS.get(found.at.product)
    said = of(host, found) if of else None
    return said or Logs(doubt=f"{found.at.product} keeps no access log, so that nothing shows who used it")


# Tomcat


def _tomcat(host: Host, found: Found) -> Logs:
    """The AccessLogValves of the engine and of the host that serves what no other does."""
    base = _option(host, found, r"-Dcatalina\.base=(/\S+)")
    if not base:
        raise HostError("this Tomcat does not tell where its configuration is (-Dcatalina.base)")
    engine = next(_xml(host, f"{base}/conf/server.xml").iter("Engine"), None)
    if engine is None:
        raise HostError(f"{base}/conf/server.xml: it has no Engine")
    served = [one for one in engine.findall("Host") if one.get("name") == engine.get("defaultHost")]
    valves = [valve for one in (engine, *served) for valve in one.findall("Valve")]
    named = [(valve.get("className", "").rpartition(".")[2], valve) for valve in valves]
    ours = [_valve(base, valve) for name, valve in named if name == "AccessLogValve"]
    foreign = [name for name, _valve in named if "AccessLog" in name and name != "AccessLogValve"]
    others = tuple(f"Tomcat logs by a {name}, which is not read here" for name in foreign)
    return best(tuple(log for log in ours if log), others)


def _xml(host: Host, path: str) -> ET.Element:
    # Not at the top: it takes long to import.
    import xml.etree.ElementTree as ET

    text = common.text(host, path)
    # Entities make a small file a large one, and no configuration needs them.
    if "<!ENTITY" in text:
        raise HostError(f"{path}: it defines entities, and is not read")
    try:
        return ET.fromstring(text)
    except ET.ParseError as exc:
        raise HostError(f"{path}: no XML ({exc})") from exc


def _valve(base: str, valve: ET.Element) -> Log | None:
    """Its files have a date in their names, unless it does not rotate, or renames what it rotates away."""
    if valve.get("enabled") == "false":
        return None
    named = {"common": access_log.COMMON, "combined": access_log.COMBINED}
    text = valve.get("pattern", "common")
    date = "" if valve.get("rotatable") == "false" else "*"
    name = f"{valve.get('prefix', 'access_log')}{date}{valve.get('suffix', '')}"
    conditions = [key for key in ("condition", "conditionUnless", "conditionIf") if valve.get(key)]
    doubt = f"Tomcat's AccessLogValve writes under a condition ({conditions[0]})" if conditions else ""
    return Log(posixpath.join(base, valve.get("directory", "logs"), name), named.get(text, text), "tomcat", doubt)


# Others


def _cockpit(host: Host, found: Found) -> Logs:
    """It logs no requests, but each session is opened by PAM."""
    return Logs((Log(f"{JOURNAL}cockpit-session", "cockpit", "pam"),))


def _solr(host: Host, found: Found) -> Logs | None:
    folder = _option(host, found, r"-Dsolr\.log\.dir=(/\S+)")
    return Logs((Log(f"{folder}/*.request.log", access_log.COMMON, "apache"),)) if folder else None


def _gunicorn(host: Host, found: Found) -> Logs | None:
    path = _option(host, found, r"--access-logfile[ =](/\S+)")
    return Logs((Log(path, access_log.GUNICORN, "gunicorn"),)) if path else None


def _webmin(host: Host, found: Found) -> Logs | None:
    """miniserv.pl logs in the common format, and adds to it the referrer and the agent where it is told to."""
    said = dict(re.findall(r"(?m)^(\w+)=(.*)$", common.text(host, MINISERV)))
    path = said.get("logfile", "")
    if said.get("log", "1") != "1" or not path.startswith("/"):
        return None
    text = access_log.COMBINED if said.get("logclf") == "1" else access_log.COMMON
    return Logs((Log(path, text, "apache"),))


def _option(host: Host, found: Found, pattern: str) -> str:
    match = re.search(pattern, common.command_line(host, found.at.run.pids[0]))
    return match[1] if match else ""


#: By the names of products in _admin/programs.py.
PROGRAMS: dict[str, t.Callable[[Host, Found], Logs | None]] = {
    "Tomcat": _tomcat,
    "Cockpit": _cockpit,
    "Solr": _solr,
    "pgAdmin": _gunicorn,
    "Webmin": _webmin,
}
