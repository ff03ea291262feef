# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Ports that Docker and Podman lead into containers by address translation.

No listening socket need show them, and no rule of the INPUT chain stops them.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._host.processes import Process

#: Processes that listen on the host for a container (the kernel keeps 15 bytes of a name).
PROXIES = {
    "docker-proxy": "docker",
    "rootlesskit": "docker",
    "rootlessport": "podman",
    "conmon": "podman",
    "pasta": "podman",
    "pasta.avx2": "podman",
    "slirp4netns": "podman",
}
#: First letters of the iptables chains that hold an engine's translations.
CHAINS = (("DOCKER", "docker"), ("NETAVARK-DN-", "podman"), ("CNI-DN-", "podman"))
#: nftables tables of engines that do not go through iptables.
TABLES = {"docker-bridges": "docker", "netavark": "podman"}
ANY = {"ip": "0.0.0.0", "ip6": "::"}


@dataclasses.dataclass(frozen=True)
class Port:
    """A published port: what outside sees (protocol, address, port), whose it is, and where it leads."""

    protocol: str
    address: str
    port: int
    engine: str
    target: str


@dataclasses.dataclass(frozen=True)
class Published:
    """All published ports; `why` says why there may be more that could not be seen."""

    ports: tuple[Port, ...]
    why: str = ""


def target(host: Host, process: Process) -> str:
    """Where a docker-proxy leads, as its arguments say: "172.17.0.2:80"; "" for anything else."""
    if process.name != "docker-proxy":
        return ""
    try:
        words = host.read_text(f"/proc/{process.pid}/cmdline").split("\0")
    except HostError:
        return ""
    options = {name.lstrip("-"): value for name, value in zip(words, words[1:])}
    return _joined(options.get("container-ip", ""), options.get("container-port", ""))


def _joined(address: str, port: str) -> str:
    if not port:
        return address
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def read(host: Host) -> Published:
    """All published ports; root alone can see them. Use as `host.once(published.read)`."""
    if not _forwards(host):
        return Published(())
    if not host.is_root:
        return Published((), "address translation is readable by root alone; run as root (become: true)")
    try:
        return Published(tuple(dict.fromkeys([*_from_iptables(host), *_from_nftables(host)])))
    except HostError as exc:
        return Published((), str(exc))


def _forwards(host: Host) -> bool:
    """Without forwarding nothing reaches a container's network, so there is no need to ask."""
    switches = ("/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv6/conf/all/forwarding")
    return any(_content(host, path).strip() == "1" for path in switches)


def _content(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""


def _from_iptables(host: Host) -> t.Iterator[Port]:
    for family, prefix in (("ip", "ip"), ("ip6", "ip6")):
        programs = [f"{prefix}tables-nft-save"]
        # Asking the legacy tables where there are none would load them into the kernel.
        if "nat" in _content(host, f"/proc/net/{prefix}_tables_names").split():
            programs.append(f"{prefix}tables-legacy-save")
        for program in filter(host.which, programs):
            yield from parse_iptables(_output(host, program, "-t", "nat"), family)


def _output(host: Host, *argv: str) -> str:
    done = host.ask(*argv)
    if done.rc != 0 and "does not exist" not in done.stderr:
        raise HostError(f"{' '.join(argv)}: {done.stderr.strip() or f'ended with {done.rc}'}")
    return done.stdout


def parse_iptables(text: str, family: str) -> t.Iterator[Port]:
    """Read `iptables-save -t nat` (family "ip") or `ip6tables-save -t nat` ("ip6")."""
    for line in text.split("\n"):
        if " -j DNAT " in line:
            try:
                yield from _iptables_rule(shlex.split(line), family)
            except ValueError:
                continue


def _iptables_rule(words: list[str], family: str) -> t.Iterator[Port]:
    options = {name: value for name, value in zip(words, words[1:]) if name.startswith("-")}
    engine = next((engine for prefix, engine in CHAINS if options.get("-A", "").startswith(prefix)), "")
    if engine and options.get("-p") in ("tcp", "udp") and "--dport" in options:
        address = options.get("-d", ANY[family]).partition("/")[0]
        for port in _ports(options["--dport"]):
            yield Port(options["-p"], address, port, engine, options.get("--to-destination", ""))


def _ports(text: str) -> range:
    first, _colon, last = text.partition(":")
    return range(int(first), min(int(last or first), 65535) + 1)


def _from_nftables(host: Host) -> t.Iterator[Port]:
    if host.which("nft"):
        for family, name in re.findall(r"^table (\S+) (\S+)$", _output(host, "nft", "list", "tables"), re.MULTILINE):
            if name in TABLES:
                yield from parse_nftables(_output(host, "nft", "-j", "list", "table", family, name), TABLES[name])


def parse_nftables(text: str, engine: str) -> t.Iterator[Port]:
    """Read `nft -j list table` of an engine's own table."""
    try:
        items = json.loads(text).get("nftables", [])
    except (ValueError, AttributeError):
        return
    for item in items:
        rule = item.get("rule") or {}
        yield from _nftables_rule(rule.get("expr", []), engine, rule.get("family", "ip"))


def _nftables_rule(expressions: list[dict[str, t.Any]], engine: str, family: str) -> t.Iterator[Port]:
    matches = [item["match"] for item in expressions if "match" in item]
    lead = next((item["dnat"] for item in expressions if "dnat" in item), None)
    payloads = {(p["protocol"], p["field"]): m["right"] for m in matches for p in [m["left"].get("payload")] if p}
    for protocol in ("tcp", "udp"):
        right = payloads.get((protocol, "dport"))
        if lead and right is not None:
            kind = "ip6" if family == "ip6" or ("ip6", "daddr") in payloads or lead.get("family") == "ip6" else "ip"
            address = payloads.get((kind, "daddr"), ANY[kind])
            aim = _joined(str(lead.get("addr", "")), _aimed_at(lead.get("port")))
            for port in _numbers(right):
                yield Port(protocol, address if isinstance(address, str) else ANY[kind], port, engine, aim)


def _aimed_at(port: t.Any) -> str:
    """The container's port; "" where there is a range of them, or where it stays the same."""
    return str(port) if isinstance(port, int) else ""


def _numbers(right: t.Any) -> t.Iterator[int]:
    if isinstance(right, int):
        yield right
    elif isinstance(right, dict):
        if "range" in right:
            yield from range(right["range"][0], right["range"][1] + 1)
        for part in right.get("set", []):
            yield from _numbers(part)
