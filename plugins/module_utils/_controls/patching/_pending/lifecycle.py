# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""How long each release of a distribution gets security updates.

Debian and Ubuntu: the package distro-info-data 0.66+deb13u2 (https://salsa.debian.org/debian/distro-info-data).
The others: https://endoflife.date, which names the makers' pages: https://access.redhat.com/support/policy/updates/errata,
https://rockylinux.org/support, https://wiki.almalinux.org/release-notes, https://www.centos.org/cl-vs-cs,
https://docs.fedoraproject.org/en-US/releases/eol, https://www.suse.com/lifecycle, https://en.opensuse.org/Lifetime.
"""

from __future__ import annotations

import dataclasses
import datetime
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.distribution import Distribution

#: The day on which the dates below were looked up.
AS_OF = "2026-11-24"
DEBIAN = "distro-info-data 0.66+deb13u2"
OTHERS = "endoflife.date"


@dataclasses.dataclass(frozen=True)
class Support:
    """The last days with security updates for everybody, and with extended support ("" where there is none).

    program: what the extended support is called. shown_by: patterns of files of which a host that has it has one; none
    where everybody has it.
    """

    ends: str
    extended: str = ""
    program: str = ""
    shown_by: tuple[str, ...] = ()
    source: str = OTHERS


def _lts(ends: str, extended: str) -> Support:
    return Support(ends, extended, "Debian LTS", (), DEBIAN)


def _esm(ends: str, extended: str) -> Support:
    return Support(
        ends, extended, "Ubuntu Pro (ESM)", ("/var/lib/ubuntu-advantage/private/machine-token.json",), DEBIAN
    )


def _interim(ends: str) -> Support:
    return Support(ends, source=DEBIAN)


def _els(ends: str, extended: str) -> Support:
    return Support(
        ends, extended, "Extended Life Cycle Support", ("/var/cache/dnf/*-els-*", "/var/cache/yum/*/*-els-*")
    )


def _ltss(ends: str, extended: str) -> Support:
    return Support(ends, extended, "LTSS", ("/etc/products.d/*-LTSS.prod", "/etc/products.d/*-ltss.prod"))


#: ID and VERSION_ID of os-release; those of the RHEL family count by their major release.
RELEASES: dict[tuple[str, str], Support] = {
    ("debian", "8"): _lts("2018-06-17", "2020-06-30"),
    ("debian", "9"): _lts("2020-07-18", "2022-06-30"),
    ("debian", "10"): _lts("2022-09-10", "2024-06-30"),
    ("debian", "11"): _lts("2024-08-14", "2026-08-31"),
    ("debian", "12"): _lts("2026-07-11", "2028-06-30"),
    ("debian", "13"): _lts("2028-08-09", "2030-06-30"),
    ("ubuntu", "16.04"): _esm("2021-04-30", "2026-04-23"),
    ("ubuntu", "18.04"): _esm("2023-05-31", "2028-04-30"),
    ("ubuntu", "20.04"): _esm("2025-05-29", "2030-04-23"),
    ("ubuntu", "22.04"): _esm("2027-06-01", "2032-04-21"),
    ("ubuntu", "23.10"): _interim("2024-07-11"),
    ("ubuntu", "24.04"): _esm("2029-05-31", "2034-04-25"),
    ("ubuntu", "24.10"): _interim("2025-07-10"),
    ("ubuntu", "25.04"): _interim("2026-01-15"),
    ("ubuntu", "25.10"): _interim("2026-07-09"),
    ("ubuntu", "26.04"): _esm("2031-05-29", "2036-04-23"),
    ("ubuntu", "26.10"): _interim("2027-07-15"),
    ("rhel", "7"): _els("2024-06-30", "2028-06-30"),
    ("rhel", "8"): _els("2029-05-31", "2032-05-31"),
    ("rhel", "9"): _els("2032-05-31", "2035-05-31"),
    ("rhel", "10"): Support("2035-05-31"),
    ("rocky", "8"): Support("2029-05-31"),
    ("rocky", "9"): Support("2032-05-31"),
    ("rocky", "10"): Support("2035-05-31"),
    ("almalinux", "8"): Support("2029-03-01"),
    ("almalinux", "9"): Support("2032-05-31"),
    ("almalinux", "10"): Support("2035-05-31"),
    ("centos", "7"): Support("2024-06-30"),
    # CentOS Linux 8 ended on 2021-12-31 and Stream 8 on 2024-05-31; both are over.
    ("centos", "8"): Support("2024-05-31"),
    ("centos", "9"): Support("2027-05-31"),
    ("centos", "10"): Support("2030-01-01"),
    ("fedora", "39"): Support("2024-11-26"),
    ("fedora", "40"): Support("2025-05-13"),
    ("fedora", "41"): Support("2025-12-15"),
    ("fedora", "42"): Support("2026-05-13"),
    ("fedora", "43"): Support("2026-12-09"),
    ("sles", "12.5"): _ltss("2024-10-31", "2027-10-31"),
    ("sles", "15.3"): _ltss("2022-12-31", "2025-12-31"),
    ("sles", "15.4"): _ltss("2023-12-31", "2026-12-31"),
    ("sles", "15.5"): _ltss("2024-12-31", "2027-12-31"),
    ("opensuse-leap", "15.4"): Support("2023-12-07"),
    ("opensuse-leap", "15.5"): Support("2024-12-31"),
    ("opensuse-leap", "15.6"): Support("2026-04-30"),
    ("opensuse-leap", "16.0"): Support("2027-10-31"),
}
#: Families that count by their major release.
BY_MAJOR = ("rhel", "rocky", "almalinux", "centos")


def of(system: Distribution) -> Support | None:
    """The dates of this release; os-release's own SUPPORT_END has the last word. None where nobody told."""
    version = system.version.partition(".")[0] if system.id in BY_MAJOR else system.version
    known = RELEASES.get((system.id, version))
    told = day(system.support_end)
    if told is None:
        return known
    own = Support(told.isoformat(), source="SUPPORT_END of /etc/os-release")
    if known is None:
        return own
    return dataclasses.replace(known, ends=own.ends, source=own.source)


def day(text: str) -> datetime.date | None:
    """A date as these files write it, or None."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def last_day(support: Support, extended: bool) -> datetime.date:
    """Until when there are security updates, with the extended support where that counts."""
    text = support.extended if extended and support.extended else support.ends
    return t.cast(datetime.date, day(text))
