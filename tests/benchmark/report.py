# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure a report over 10,000 hosts with 50 findings each: python tests/benchmark/report.py [hosts] [findings].

Each host also has six fingerprints, which are joined. Bars: 60 s and 1 GiB of resident memory, from the first result to
the last file. Exit status 1 where one is missed.
"""

from __future__ import annotations

import datetime
import pathlib
import random
import resource
import sys
import tempfile
import time
import typing as t

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from conftest import link_collection

link_collection()

from ansible_collections.infosec.principles.plugins.plugin_utils._report.collect import (
    Collector,
    Result,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import Report, publish
from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import (
    console,
    html,
    json,
    junit,
)

SECONDS, MEBIBYTES = 60.0, 1024.0
WRITERS = {"compliance.json": json.write, "compliance.html": html.write, "junit.xml": junit.write}
# Most findings of a real fleet pass; one in five is left open, as in a fleet that was never looked at.
STATUSES = ("pass", "pass", "pass", "not_applicable", "fail")
RISKS = ("low", "medium", "high", "maximum")
WAIVERS = [
    {
        "match": f"rule == 'control_{number}.rule' && starts_with(host, 'host-0000')",
        "why": "The network firewall closes the port.",
        "owner": "data@example.org",
        "expires": "2099-12-31",
    }
    for number in range(10)
]


def finding(number: int, chance: random.Random) -> dict[str, t.Any]:
    """A finding of ordinary size, about 1 KB of JSON."""
    status = chance.choice(STATUSES)
    port = chance.randrange(1024, 65535)
    return {
        "control": f"control_{number % 10}",
        "principle": ("exposed_services", "patching", "data_protection")[number % 3],
        "rule": f"control_{number % 10}.rule_{number % 3}",
        "title": "Every listening socket is justified in the register",
        "subject": f"tcp {port} service-{number}",
        "status": status,
        "status_before": status,
        "risk": RISKS[number % 4],
        "message": f"service-{number} listens on 0.0.0.0:{port} and the register has no entry for it.",
        "note": "",
        "evidence": [{"source": f"/proc/net/tcp (pid {port})", "found": f"0.0.0.0:{port}", "expected": "no listener"}],
        "remedy": "Add the service to infosec_services with a justification and an owner, or remove it.",
        "reference": "https://infosec.mozilla.org/fundamentals/security_principles",
        "fix": [f"stop, disable and mask service-{number}.service"],
        "diff": [{"before_header": "a", "after_header": "b", "before": "active\n", "after": "masked\n"}],
    }


def fingerprints(host: int) -> list[dict[str, str]]:
    """Keys and an id as a host has them; one host key in 100 is shared, one private key opens 100 accounts."""
    made = {
        "/etc/machine-id": ("machine_id", f"{host:064x}"),
        "/etc/ssh/ssh_host_ed25519_key": ("host_key", f"SHA256:{host // 2 if host % 100 < 2 else host:043}"),
        "/etc/ssh/ssh_host_rsa_key": ("host_key", f"SHA256:rsa{host:040}"),
        "/home/deploy/.ssh/id_ed25519": ("private_key", f"SHA256:{host % 100:043}"),
        "admin: /home/admin/.ssh/authorized_keys:1": ("authorized_key", f"SHA256:{host % 100:043}"),
        "admin: /home/admin/.ssh/authorized_keys:2": ("authorized_key", "SHA256:everywhere"),
    }
    return [{"kind": kind, "value": value, "holder": holder} for holder, (kind, value) in made.items()]


def measure(hosts: int, findings: int) -> bool:
    """Run once, print the figures, and say whether the bars hold."""
    chance = random.Random(1)
    collector = Collector(datetime.datetime.now(datetime.timezone.utc))
    began = time.monotonic()
    for index in range(hosts):
        data = {"findings": [finding(number, chance) for number in range(findings)]}
        data["findings"][0]["fingerprints"] = fingerprints(index)
        args = {"waivers": WAIVERS}
        collector.take(Result(f"host-{index:06}", "infosec.principles.harden", "harden", "ok", data, args))
    collected = time.monotonic()
    report = Report(collector.finish((), ""), collector.store)
    lines = sum(1 for _line in console.lines(report))
    with tempfile.TemporaryDirectory() as folder:
        target = publish(report, pathlib.Path(folder), WRITERS)
        sizes = {path.name: round(path.stat().st_size / 2**20, 1) for path in sorted(target.iterdir())}
    took = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{hosts} hosts x {findings} findings: {took:.1f} s ({collected - began:.1f} s to collect), {peak:.0f} MiB")
    print(f"{lines} lines on the console; MiB written: {sizes}")
    return took < SECONDS and peak < MEBIBYTES


if __name__ == "__main__":
    hosts, findings = (int(given) for given in (sys.argv[1:] + ["10000", "50"][len(sys.argv) - 1 :])[:2])
    sys.exit(0 if measure(hosts, findings) else 1)
