# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What people have the machine do at its start beside the programs made for it: rc.local, hooks, units, crontabs."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

PLACES = (
    "/etc/rc.local",
    "/etc/rc.d/rc.local",
    "/etc/network/interfaces",
    "/etc/network/interfaces.d/*",
    "/etc/network/if-*.d/*",
    "/etc/systemd/system/*.service",
    "/etc/systemd/system/*.service.d/*.conf",
    "/etc/udev/rules.d/*",
    "/etc/NetworkManager/dispatcher.d/*",
    "/etc/NetworkManager/dispatcher.d/*/*",
    "/etc/networkd-dispatcher/*/*",
    "/etc/wireguard/*.conf",
    "/etc/openvpn/*.conf",
    "/etc/keepalived/*.conf",
    "/etc/cron.d/*",
    "/etc/crontab",
    "/var/spool/cron/crontabs/root",
    "/var/spool/cron/root",
    "/etc/cloud/cloud.cfg.d/*",
    "/var/lib/pacemaker/cib/cib.xml",
)
#: Somebody's own script, which a unit runs.
_SCRIPT = re.compile(
    r"^Exec\w+\s*=\s*[-@+!:|]*(?:/bin/(?:ba)?sh\s+)?(/(?:usr/local|opt|root|etc|srv)/\S+)", re.MULTILINE
)
LARGEST = 1 << 20


def texts(host: Host) -> t.Mapping[str, str]:
    """The text of each such file that this user may read, by path. Use as `host.once(startup.texts)`."""
    paths = [path for place in PLACES for path in (host.glob(place) if "*" in place else [place])]
    found = {path: _text(host, path) for path in paths}
    scripts = {script for text in found.values() for script in _SCRIPT.findall(text)}
    found.update((script, _text(host, script)) for script in sorted(scripts - set(found)))
    return {path: text for path, text in found.items() if text}


def naming(host: Host, pattern: str) -> list[str]:
    """The files that have a line with that in it which is no comment."""
    line = re.compile(rf"^(?![^\S\n]*#).*(?:{pattern})", re.MULTILINE)
    return [path for path, text in host.once(texts).items() if line.search(text)]


def _text(host: Host, path: str) -> str:
    try:
        return host.read_part(path, LARGEST).decode("utf-8", "surrogateescape")
    except HostError:
        return ""
