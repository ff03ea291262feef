# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Rule sources on Debian: whether apt wants each source to prove who it is."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.debian_settings import (
    where,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._updates.model import (
    SOURCES,
    Verdict,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._formats import aptconf
from ansible_collections.infosec.principles.plugins.module_utils._host import apt
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: What lets all sources go without proof (apt-secure(8)).
ALLOWED = (
    "APT::Get::AllowUnauthenticated",
    "Acquire::AllowInsecureRepositories",
    "Acquire::AllowWeakRepositories",
    "Acquire::AllowDowngradeToInsecureRepositories",
)
#: What lets one source go without (sources.list(5)).
OPTIONS = ("trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure")


def judge(host: Host, config: aptconf.Config) -> t.Iterator[Verdict]:
    """One verdict for what holds for all sources, one for each source."""
    yield Verdict(_globally(host, config))
    by_place: dict[str, apt.Source] = {}
    for source in apt.sources(host):
        by_place.setdefault(f"{source.place} {source.release}", source)
    for subject, source in by_place.items():
        yield Verdict(_source(subject, source))


def _globally(host: Host, config: aptconf.Config) -> f.Finding:
    on = [key for key in ALLOWED if apt.is_true(config.get(key))]
    if not on:
        return f.Finding(SOURCES, "apt", f.PASS, "apt takes no source without a valid signature")
    evidence = tuple(f.Evidence(where(host, key), f'{key} "{printable(config.get(key))}"', '"false"') for key in on)
    remedy = f"Remove {', '.join(on)} from {', '.join(one.source for one in evidence)}, then run apt-get update."
    message = "apt takes sources that do not prove who they are"
    return f.Finding(SOURCES, "apt", f.FAIL, message, evidence, remedy=remedy)


def _source(subject: str, source: apt.Source) -> f.Finding:
    options = dict(source.options)
    on = [key for key in OPTIONS if apt.is_true(options.get(key, ""))]
    evidence = tuple(f.Evidence(source.entry, f"{key}: {printable(options[key])}", "not set") for key in on)
    if on:
        remedy = f"Remove {', '.join(on)} from {source.entry}, name its key with signed-by, and run apt-get update."
        message = f"packages of this source are installed without proof ({', '.join(on)})"
        return f.Finding(SOURCES, subject, f.FAIL, message, evidence, remedy=remedy)
    if not source.fetched:
        why = f"apt has not fetched the lists of this source yet ({apt.LISTS}), so it is not known whether it is signed"
        return f.Finding(SOURCES, subject, f.NOT_ASSESSED, why, (f.Evidence(source.entry, subject),))
    signed = f.Evidence(f"{apt.LISTS}/{source.list_name}*", source.signature or "no signature", "a signature")
    if source.signature:
        return f.Finding(SOURCES, subject, f.PASS, "its lists are signed", (signed,))
    remedy = f"Have whoever runs the source sign it, or remove it from {source.entry} and run apt-get update."
    message = "the lists of this source carry no signature"
    return f.Finding(SOURCES, subject, f.FAIL, message, (signed,), remedy=remedy)
