# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether this machine is a container, and which of its mounts the container's runtime makes at each start."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: Files that runtimes lay, and what they say.
MARKS = {"/.dockerenv": "docker", "/run/.containerenv": "podman"}
_VARIABLE = re.compile(r"(?:^|\0)container=([^\0]+)")


def read(host: Host) -> str:
    """The runtime's name, or "" on a machine of its own. Use as `host.once(container.read)`.

    As the Container Interface of systemd has it: PID 1's variable `container`, kept in /run/systemd/container.
    """
    told = _text(host, "/run/systemd/container").strip()
    variable = _VARIABLE.search(_text(host, "/proc/1/environ"))
    marked = next((name for path, name in MARKS.items() if host.exists(path)), "")
    return told or (variable.group(1) if variable else "") or marked


def masks(host: Host) -> int | None:
    """How many of the first mounts are the runtime's; None where that is not told (no masks, as if privileged).

    mountinfo keeps the order of making. The OCI runtimes make read-only and masked what lies below /proc last of all
    (runc: finalizeRootfs), before they start PID 1; so what comes behind was mounted from within.
    """
    marked = [number for number, mount in enumerate(host.once(block.mounts), 1) if _is_mask(mount)]
    return max(marked) if marked else None


def _is_mask(mount: block.Mount) -> bool:
    return mount.point == "/sys/firmware" or (mount.point.startswith("/proc/") and mount.kind in ("proc", "tmpfs"))


def names(host: Host) -> set[str]:
    """The addresses that a runtime wrote into /etc/hosts for the container itself."""
    own = _text(host, "/proc/sys/kernel/hostname").strip()
    rows = (line.partition("#")[0].split() for line in _text(host, "/etc/hosts").splitlines())
    return {words[0] for words in rows if own and own in words[1:]}


def is_read_only(mounts: t.Iterable[block.Mount], point: str) -> bool:
    """Whether what is mounted there is shown read-only."""
    return any(mount.point == point and "ro" in mount.flags.split(",") for mount in mounts)


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""
