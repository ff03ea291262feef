# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports to test with: an ordinary fleet, and one in which every text that a host sends is hostile."""

from __future__ import annotations

import datetime
import io
import json
import pathlib
import random
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.witnesses import Witnesses
from ansible_collections.infosec.principles.plugins.plugin_utils._report.collect import Collector, Result
from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import Report, Writer

FIXTURES = pathlib.Path(__file__).resolve().parents[3] / "fixtures" / "report"
NOW = datetime.datetime(2026, 11, 24, 13, 10, 42, tzinfo=datetime.timezone.utc)
HARDEN = "infosec.principles.harden"

WAIVERS = (
    {
        "match": "host == 'laptop' && rule == 'disk_encryption.header_strength'",
        "why": "The machine is replaced in spring and does not leave the office.",
        "owner": "it@example.org",
        "expires": "2027-03-31",
    },
    {
        "match": "rule == 'listening_services.unjustified' && contains(subject, '9000')",
        "why": "Moves behind the VPN.",
        "owner": "ops@example.org",
        "expires": "2026-10-31",
    },
)

#: What a hostile host may send in any text.
HOSTILE = {
    "script element": "<script>document.title='owned'</script>",
    "end of our script": "</script><script>alert(1)</script>",
    "end of our style": "</style><img src=x onerror=alert(1)>",
    "image with handler": "<img src=x onerror=\"document.title='owned'\">",
    "svg with handler": "<svg/onload=alert(1)>",
    "double quote breaks out": '" onmouseover="alert(1)" x="',
    "single quote breaks out": "' onfocus='alert(1)' autofocus='",
    "frame": "<iframe srcdoc='<script>parent.document.title=1</script>'></iframe>",
    "meta refresh": '<meta http-equiv="refresh" content="0;url=https://example.org/">',
    "base element": "<base href='https://example.org/'>",
    "form": "<form action=https://example.org/><button autofocus>",
    "end of details": "</summary></details></section></main>",
    "comment": "<!-- --!> <script>alert(1)</script> -->",
    "javascript address": "javascript:alert(document.domain)",
    "data address": "data:text/html,<script>alert(1)</script>",
    "entities": "&lt;script&gt;&#x3c;b&#x3e;&amp;amp;",
    "end of CDATA": "]]><failure/><![CDATA[",
    "XML entity": "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    "processing instruction": "<?xml version='1.0'?><?php system('id') ?>",
    "Jinja expression": "{{ 7*7 }}",
    "Jinja statement": "{% for x in range(9999999) %}x{% endfor %}",
    "Jinja comment": "{# {{ lookup('pipe', 'id') }} #}",
    "Jinja gadget": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "ANSI colour": "\x1b[31mred\x1b[0m",
    "clear the screen": "\x1b[2J\x1b[H",
    "window title": "\x1b]0;owned\x07",
    "OSC 8 link": "\x1b]8;;https://example.org/\x1b\\click\x1b]8;;\x1b\\",
    "8-bit CSI": "\x9b31mred",
    "carriage return": "fail\rpass",
    "backspace": "fail\b\b\b\bpass",
    "delete": "a\x7fb",
    "NUL": "a\x00b",
    "vertical tab and form feed": "a\x0bb\x0cc",
    "bell and shift out": "\x07\x0e",
    "override right to left": "\u202etxt.exe",
    "isolate": "\u2066a\u2067b\u2069",
    "marks and joiners": "a\u200eb\u200fc\u200bd\u2060e\ufefff",
    "line and paragraph separator": "a\u2028b\u2029c",
    "half character": "a\udc80b\ud800",
    "no character": "a\uffffb\ufffe\U0001ffff",
    "tag characters": "a\U000e0041\U000e007f",
    "private use": "\ue000\U000f0000",
    "very long": "x" * 200_000,
    "combining marks": "z" + "\u0335" * 500,
    "jmespath": "`true` || '' == ''",
    "format strings": "%s%n {0.__class__} ${HOME} $(touch /tmp/owned) `id`",
    "path": "../../../../etc/passwd",
    "JSON": '"}],"findings":[{"status":"pass"}]',
}


def fleet_findings() -> dict[str, list[dict[str, t.Any]]]:
    """Findings by host, such as harden returns them for the fleet of the Molecule scenarios."""
    found: dict[str, list[dict[str, t.Any]]] = json.loads((FIXTURES / "fleet.json").read_text())
    return found


def result(host: str, findings: list[dict[str, t.Any]], waivers: t.Sequence[t.Mapping[str, str]] = ()) -> Result:
    """What harden reports for one host."""
    return Result(host, HARDEN, "Harden", "ok", {"findings": findings}, {"waivers": [dict(one) for one in waivers]})


REACHABILITY = "infosec.principles.reachability"
FLEET = ("bastion", "cache", "db", "idle", "laptop", "web")
#: target, service, port, who may, who besides gets through, who is blocked
PORTS: tuple[tuple[str, str, int, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    *((host, "ssh", 22, ("bastion",), ("laptop",) if host == "web" else (), ()) for host in FLEET if host != "bastion"),
    ("bastion", "ssh", 22, FLEET, (), ()),
    ("cache", "sessions", 6379, ("web",), (), ("web",)),
    ("db", "orders", 5432, ("web",), ("idle", "laptop"), ()),
    ("web", "shop", 443, FLEET, (), ()),
    ("web", "", 11211, (), FLEET, ()),
)


def port(
    target: str,
    service: str,
    number: int,
    outcomes: t.Mapping[str, t.Iterable[str]],
    *,
    address: str = "192.0.2.1",
    witnesses: int = 0,
) -> dict[str, t.Any]:
    """A port as the action reachability returns it; sources that are the target itself are left out."""
    names = ("reached", "refused", "reachable_but_denied", "blocked_but_allowed", "not_assessed")
    return {
        "service": service,
        "protocol": "tcp",
        "port": number,
        "address": address,
        "outcomes": {name: sorted(set(outcomes.get(name, ())) - {target}) for name in names},
        "witnesses": witnesses,
    }


def proof(target: str, rows: list[dict[str, t.Any]]) -> Result:
    """What prove.yml reports for one host."""
    return Result(target, REACHABILITY, "Prove", "ok", {"findings": [], "reachability": rows})


def proofs() -> list[Result]:
    """How the fleet's hosts reach each other; edge was offline."""
    found: dict[str, list[dict[str, t.Any]]] = {}
    for target, service, number, allowed, leaks, blocked in PORTS:
        outcomes = {
            "reached": set(allowed) - set(blocked),
            "refused": set(FLEET) - set(allowed) - set(leaks),
            "reachable_but_denied": leaks,
            "blocked_but_allowed": blocked,
            "not_assessed": ("edge",),
        }
        found.setdefault(target, []).append(port(target, service, number, outcomes))
    return [proof(target, rows) for target, rows in found.items()]


#: Groups of a large fleet: name, hosts, and services with their ports and the groups of their clients.
GROUPS: tuple[tuple[str, int, tuple[tuple[str, int, tuple[str, ...]], ...]], ...] = (
    ("bastion", 2, (("vpn", 1194, ("lb",)),)),
    ("mon", 2, (("grafana", 3000, ("bastion",)),)),
    ("lb", 6, (("https", 443, ("app", "build", "cache", "db", "mon", "web")),)),
    ("web", 60, (("shop", 8080, ("lb",)),)),
    ("app", 80, (("api", 8000, ("web",)),)),
    ("db", 20, (("orders", 5432, ("app",)),)),
    ("cache", 10, (("sessions", 6379, ("app", "web")),)),
    ("build", 20, (("registry", 5000, ("app", "web")),)),
)
EVERYWHERE = (("ssh", 22, ("bastion",)), ("metrics", 9100, ("mon",)))


def large(hosts: int = 200, witnesses: int = 0, *, firewalls: bool = True) -> Report:
    """A fleet in groups, three ports a host; some leak, one is blocked, one host is offline. witnesses: as in prove.yml.

    firewalls: whether there are any.
    """
    groups = {
        group: [f"{group}{place:02}" for place in range(1, size * hosts // 200 + 1)] for group, size, _own in GROUPS
    }
    everyone = [host for names in groups.values() for host in names]
    chosen = Witnesses(witnesses, groups, everyone, everyone)
    collector = Collector(NOW)
    for group, _size, own in GROUPS:
        for place, target in enumerate(groups[group], 1):
            rows = []
            for service, number, clients in (*EVERYWHERE, *own):
                allowed = {host for client in clients for host in groups[client]}
                tried = set(chosen.choose(frozenset(allowed), target, service) if witnesses else everyone)
                leaks = {"build07", "mon02"} if service == "orders" and place < 4 else set[str]()
                leaks |= set() if firewalls else tried - allowed - {"web33"}
                blocked = {"app12", "app13"} if service == "orders" and place == 5 else set[str]()
                offline = {"web33"}
                # As if chance had chosen those that the picture is about.
                tried |= leaks | blocked
                outcomes = {
                    "reachable_but_denied": leaks - allowed,
                    "blocked_but_allowed": blocked,
                    "not_assessed": offline & tried,
                    "reached": allowed & tried - blocked - offline,
                    "refused": tried - allowed - leaks - offline,
                }
                rows.append(port(target, service, number, outcomes, witnesses=witnesses))
            if target == "cache04":
                rows.append(port(target, "", 11211, {"reachable_but_denied": everyone}))
            collector.take(proof(target, rows))
    return Report(collector.finish((), "", "1.0.0"), collector.store)


def chaos(hosts: int = 200, ports: int = 3, leaks: float = 0.01) -> Report:
    """A fleet in which nothing is like anything else."""
    chance = random.Random(1)
    names = [f"h{number:03}" for number in range(hosts)]
    collector = Collector(NOW)
    for target in names:
        rows = []
        for number in range(ports):
            outcomes: dict[str, list[str]] = {}
            for source in names:
                kinds = ("reached", "refused", "not_assessed")
                kind = "reachable_but_denied" if chance.random() < leaks else chance.choice(kinds)
                outcomes.setdefault(kind, []).append(source)
            rows.append(port(target, f"{target}-{number}", 8000 + number, outcomes))
        collector.take(proof(target, rows))
    return Report(collector.finish((), "", "1.0.0"), collector.store)


def fleet(*, backwards: bool = False) -> Report:
    """The fleet with a host that cannot be reached, one waiver that holds and one that has expired."""
    collector = Collector(NOW)
    lost = Result("edge", HARDEN, "Harden", "unreachable", {"msg": "Failed to connect: Connection timed out"})
    results = [*(result(host, found, WAIVERS) for host, found in fleet_findings().items()), lost, *proofs()]
    for one in reversed(results) if backwards else results:
        collector.take(one)
    return Report(collector.finish((), "", "1.0.0"), collector.store)


def hostile_finding(text: str, *, status: str = "fail") -> dict[str, t.Any]:
    """A finding with this text in every place that a host, or a person, fills."""
    names = ("control", "principle", "rule", "title", "subject", "message", "note", "remedy", "reference")
    return {
        **dict.fromkeys(names, text),
        "status": status,
        "status_before": "error",
        "risk": "high",
        "evidence": [{"source": text, "found": text, "expected": text}],
        "fix": [text],
        "diff": [{"before_header": text, "after_header": text, "before": "", "after": text}],
        "waiver": {"match": text, "why": text, "owner": text, "expires": "2027-06-30"},
        "fingerprints": [{"kind": "private_key", "value": text, "holder": text}],
    }


def hostile(*texts: str) -> Report:
    """Hosts whose names, ports and findings are all such a text; one more cannot be reached for that reason."""
    collector = Collector(NOW)
    for text in texts:
        outcomes = {"reachable_but_denied": [f"{text} far"], "not_assessed": [f"{text} lost"]}
        row = port(text, text, 1, outcomes, address=text) | {"protocol": text}
        collector.take(Result(text, REACHABILITY, text, "ok", {"findings": [], "reachability": [row]}))
        collector.take(result(text, [hostile_finding(text)]))
        collector.take(Result(f"{text} lost", HARDEN, text, "unreachable", {"msg": text}))
    return Report(collector.finish((), "", "1.0.0"), collector.store)


def written(write: Writer, report: Report) -> str:
    """What a writer writes."""
    stream = io.StringIO()
    write(report, stream)
    return stream.getvalue()
