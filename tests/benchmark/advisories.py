# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure 10,000 libraries against 100,000 advisories: python tests/benchmark/advisories.py [libraries] [advisories].

The advisories lie as OSV exports them (one all.zip an ecosystem), about 20,000 packages; every second library is named by
some. Bars: 30 s to compile the index, once an export; 5 s for all libraries; 512 MiB. Exit status 1 where one is missed.
"""

from __future__ import annotations

import json
import os
import pathlib
import random
import resource
import sys
import tempfile
import time
import typing as t
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".collections"))

from ansible_collections.infosec.principles.plugins.plugin_utils._dependencies import index, judge, package

COMPILE_BAR, JUDGE_BAR, MEMORY_BAR = 30.0, 5.0, 512
SHARES = {"npm": 0.45, "PyPI": 0.25, "Maven": 0.1, "Go": 0.1, "Packagist": 0.05, "RubyGems": 0.03, "crates.io": 0.02}
VECTORS = ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS:3.1/AV:N/AC:H/PR:L/UI:R/S:C/C:L/I:L/A:N", "")


def name(ecosystem: str, number: int) -> str:
    """Of a package of this ecosystem."""
    return {"Maven": f"org.example:lib{number}", "Go": f"example.org/lib{number}"}.get(ecosystem, f"vendor/lib{number}")


def advisory(ecosystem: str, number: int, packages: int, dice: random.Random) -> dict[str, t.Any]:
    """One as the databases write them, about as long."""
    lines = [(line, f"{line}.{dice.randrange(20)}.{dice.randrange(9)}") for line in range(dice.randint(1, 3))]
    kind = "SEMVER" if ecosystem in ("npm", "Go", "crates.io") else "ECOSYSTEM"
    ranges = [
        {"type": kind, "events": [{"introduced": f"{line}.0.0" if line else "0"}, {"fixed": fixed}]}
        for line, fixed in lines
    ]
    about = {"ecosystem": ecosystem, "name": name(ecosystem, dice.randrange(packages))}
    listed = [f"0.{minor}.{patch}" for minor in range(6) for patch in range(5)] if ecosystem == "PyPI" else []
    return {
        "schema_version": "1.6.0",
        "id": f"GHSA-{ecosystem}-{number:06}",
        "modified": "2026-11-20T00:00:00Z",
        "aliases": [f"CVE-2026-{number}"],
        "summary": "Something that is not good in a library that many use",
        "details": "What happens, to whom, and how it was found. " * 40,
        "severity": [{"type": "CVSS_V3", "score": vector} for vector in [dice.choice(VECTORS)] if vector],
        "affected": [{"package": about, "ranges": ranges, "versions": listed}],
        "references": [{"type": "WEB", "url": f"https://example.org/{number}/{place}"} for place in range(8)],
        "database_specific": {"severity": "MODERATE"},
    }


def write(root: pathlib.Path, count: int, dice: random.Random) -> None:
    """The export."""
    for ecosystem, share in SHARES.items():
        (root / ecosystem).mkdir(parents=True)
        with zipfile.ZipFile(root / ecosystem / "all.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for number in range(int(count * share)):
                one = advisory(ecosystem, number, int(count * share / 5), dice)
                archive.writestr(f"{one['id']}.json", json.dumps(one))


def inventory(count: int, advisories: int, dice: random.Random) -> list[dict[str, t.Any]]:
    """The libraries of ten applications, as a host sends them."""
    ecosystems = dice.choices(list(SHARES), list(SHARES.values()), k=count)
    rows = []
    for number, ecosystem in enumerate(ecosystems):
        known = int(advisories * SHARES[ecosystem] / 5)
        version = f"{dice.randrange(3)}.{dice.randrange(20)}.{dice.randrange(9)}"
        one = package.of(ecosystem, name(ecosystem, dice.randrange(known * 2)), version)
        rows.append({"purl": package.purl(one), "source": f"/srv/app/{number}", "installed": True})
    head = {"control": "dependency_vulnerabilities", "rule": "dependency_vulnerabilities.inventory", "status": "pass"}
    return [{**head, "subject": f"/srv/app{part}", "components": rows[part::10]} for part in range(10)]


def timed(what: str, limit: float, work: t.Callable[[], t.Any]) -> tuple[t.Any, bool]:
    """What the work returned, and whether it kept below the bar, in seconds."""
    began = time.perf_counter()
    result = work()
    took = time.perf_counter() - began
    print(f"{what}: {took:.2f} s (bar {limit:.0f} s)")
    return result, took <= limit


def compiled(root: pathlib.Path) -> dict[str, dict[str, t.Any]]:
    """What the index has of the export."""
    with index.opened(root) as opened:
        return opened.summary()


def main(libraries: int = 10_000, advisories: int = 100_000) -> int:
    """Exit status."""
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "advisories"
        os.environ["XDG_CACHE_HOME"] = folder
        write(root, advisories, random.Random(1))
        told = inventory(libraries, advisories, random.Random(2))
        known, compiling = timed("compile the index", COMPILE_BAR, lambda: compiled(root))
        args = {"advisories": str(root), "advisories_days": 36500}
        found, judging = timed(f"judge {libraries} libraries", JUDGE_BAR, lambda: judge.judged(told, args))
        size = next((pathlib.Path(folder) / "infosec.principles").glob("*.sqlite3")).stat().st_size
    bad = [one for one in found if one["status"] == "fail"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{sum(one['advisories'] for one in known.values())} advisories, {len(bad)} vulnerable libraries, index {size >> 20} MiB"
    )
    print(f"memory: {memory} MiB (bar {MEMORY_BAR} MiB)")
    return 0 if compiling and judging and memory <= MEMORY_BAR and bad else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
