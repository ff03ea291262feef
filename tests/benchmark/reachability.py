# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times the probes of playbooks/prove.yml in a fleet of network namespaces on this machine, with and without witnesses.

    sudo python tests/benchmark/reachability.py [--hosts 200] [--witnesses 2] [--forks 50] [--playbook]

A host is a network namespace with an IPv4 and an IPv6 address on one switch and three services: ssh for the group of
bastions, an application for one group, and metrics for everybody. nftables lets in whom the register lets in; on one
host in fifty the application's port is left open, and on one in fifty ssh is shut to all. Fails unless the judgement
finds exactly that. With --playbook, ansible-playbook does it all, with as many forks. Needs root, iproute2 and nftables;
uses 10.74.0.0/16, fd00:74::/64 and names that begin with h4-, and takes everything away again.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import dataclasses
import json
import os
import pathlib
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".collections"))

from ansible_collections.infosec.principles.plugins.module_utils._reachability import probing
from ansible_collections.infosec.principles.plugins.modules import reachability_info
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.judge import judge, totals
from ansible_collections.infosec.principles.plugins.plugin_utils._reachability.plan import (
    Fleet,
    Plan,
    plan,
    probes_of,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._register.model import Inventory

SSH, APPLICATION, METRICS = PORTS = (22, 8080, 9100)
SWITCH = "h4-switch"
GROUPS = 10
#: What all namespaces share: the neighbour tables, in which each host is to each other, and the queues of packets.
SETTINGS = [
    *(f"net/{family}/neigh/default/gc_thresh{n}" for family in ("ipv4", "ipv6") for n in (1, 2, 3)),
    "net/core/netdev_max_backlog",
]
SHARED = [pathlib.Path("/proc/sys", name) for name in SETTINGS]


@dataclasses.dataclass(frozen=True)
class Host:
    number: int

    @property
    def name(self) -> str:
        return f"h4-{self.number:04}"

    @property
    def group(self) -> str:
        return f"group{self.number % GROUPS}"

    @property
    def addresses(self) -> tuple[str, str]:
        return f"10.74.{self.number // 250}.{self.number % 250 + 1}", f"fd00:74::{self.number + 1:x}"

    @property
    def leaks(self) -> bool:
        return self.number % 50 == 7

    @property
    def blocks(self) -> bool:
        return self.number % 50 == 13


def main() -> int:
    args = parse(sys.argv[1:])
    if args.role:
        return {"serve": serve, "probe": probe}[args.role](args)
    show_growth(args.witnesses)
    hosts = [Host(number) for number in range(args.hosts)]
    with network(hosts):
        if args.playbook:
            return max(play(hosts, witnesses, args.forks) for witnesses in (args.witnesses, 0))
        return max(measure(hosts, witnesses, args.forks) for witnesses in (args.witnesses, 0))


def parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--witnesses", type=int, default=2)
    parser.add_argument("--forks", type=int, default=50)
    parser.add_argument("--playbook", action="store_true")
    parser.add_argument("--role", choices=["serve", "probe"], help=argparse.SUPPRESS)
    return parser.parse_args(words)


# The fleet


def groups(hosts: t.Sequence[Host]) -> dict[str, list[str]]:
    named = {
        f"group{number}": [host.name for host in hosts if host.number % GROUPS == number] for number in range(GROUPS)
    }
    return {"all": [host.name for host in hosts], **{name: named[name] for name in named if named[name]}}


def entries() -> list[dict[str, t.Any]]:
    """The register as a person writes it."""
    about = {"hosts": ["all"], "justification": "x", "owner": "x", "review_by": "2099-01-01"}
    return [
        {"name": "ssh", "ports": [f"{SSH}/tcp"], "clients": ["group0"], **about},
        {"name": "application", "ports": [f"{APPLICATION}/tcp"], "clients": ["group1"], **about},
        {"name": "metrics", "ports": [f"{METRICS}/tcp"], "clients": ["any"], **about},
    ]


def fleet(hosts: t.Sequence[Host]) -> Fleet:
    members = groups(hosts)
    cidrs = {host.name: [f"{host.addresses[0]}/32", f"{host.addresses[1]}/128"] for host in hosts}
    register = [
        {
            **entry,
            "ports": [
                {"first": int(port.partition("/")[0]), "last": int(port.partition("/")[0]), "protocol": "tcp"}
                for port in entry["ports"]
            ],
            "clients": [cidr for name in members.get(entry["clients"][0], ()) for cidr in cidrs[name]]
            or entry["clients"],
        }
        for entry in entries()
    ]
    listeners = [{"protocol": "tcp", "address": "::", "port": port, "families": ["IPv4", "IPv6"]} for port in PORTS]
    return Fleet(
        register, {host.name: {"listeners": listeners} for host in hosts}, Inventory(members), members, cidrs, {}
    )


def rules(host: Host, hosts: t.Sequence[Host]) -> str:
    """What host_firewall would write, in short."""

    def admitted(group: str, number: int) -> str:
        return ", ".join(one.addresses[number] for one in hosts if one.group == group)

    allow = [
        f"{family} saddr {{ {admitted(group, number)} }} tcp dport {port} accept"
        for group, port, left_out in (("group0", SSH, host.blocks), ("group1", APPLICATION, False))
        for number, family in enumerate(("ip", "ip6"))
        if not left_out
    ]
    drop = f"tcp dport {{ {SSH}{'' if host.leaks else f', {APPLICATION}'} }} drop"
    body = "\n".join([*allow, drop])
    return f"table inet t {{\nchain in {{\ntype filter hook input priority 0;\n{body}\n}}\n}}\n"


@contextlib.contextmanager
def network(hosts: t.Sequence[Host]) -> t.Iterator[None]:
    kept = {setting: setting.read_text() for setting in SHARED}
    try:
        for setting in SHARED:
            setting.write_text(str(8 * len(hosts) ** 2 + 1024))
        build(hosts)
        with server(hosts):
            yield
    finally:
        batch("", [f"netns delete {name}" for name in (*(host.name for host in hosts), SWITCH)], force=True)
        for setting, text in kept.items():
            setting.write_text(text)


def build(hosts: t.Sequence[Host]) -> None:
    batch("", [f"netns add {name}" for name in (SWITCH, *(host.name for host in hosts))])
    batch(SWITCH, ["link add switch type bridge mcast_snooping 0", "link set switch up"])
    batch("", [f"link add p{host.number} netns {SWITCH} type veth peer name eth0 netns {host.name}" for host in hosts])
    batch(SWITCH, [f"link set p{host.number} master switch up" for host in hosts])
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda host: furnish(host, rules(host, hosts)), hosts))


def furnish(host: Host, firewall: str) -> None:
    four, six = host.addresses
    batch(
        host.name,
        [
            "link set lo up",
            f"address add {four}/16 dev eth0",
            f"address add {six}/64 dev eth0 nodad",
            "link set eth0 up",
        ],
    )
    subprocess.run(["ip", "netns", "exec", host.name, "nft", "-f", "-"], input=firewall, text=True, check=True)


def batch(namespace: str, lines: t.Sequence[str], *, force: bool = False) -> None:
    where = ["-n", namespace] if namespace else []
    argv = ["ip", *where, *(["-force"] if force else []), "-batch", "-"]
    subprocess.run(argv, input="\n".join(lines) + "\n", text=True, check=not force, capture_output=force)


@contextlib.contextmanager
def server(hosts: t.Sequence[Host]) -> t.Iterator[None]:
    """One process holds the services of all hosts: a socket stays in the namespace that it was made in."""
    argv = [sys.executable, __file__, "--role", "serve", "--hosts", str(len(hosts))]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield
        finally:
            process.terminate()


def serve(args: argparse.Namespace) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    selector = selectors.DefaultSelector()
    for host in map(Host, range(args.hosts)):
        with open(f"/run/netns/{host.name}", "rb") as namespace:
            if libc.setns(namespace.fileno(), 0):
                raise OSError(ctypes.get_errno(), f"setns {host.name}")
        for port in PORTS:
            sock = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024)
            sock.setblocking(False)
            selector.register(sock, selectors.EVENT_READ)
    print("ready", flush=True)
    while True:
        for key, _events in selector.select():
            with contextlib.suppress(BlockingIOError, ConnectionError):
                t.cast(socket.socket, key.fileobj).accept()[0].close()


# The measurement


def probe(args: argparse.Namespace) -> int:
    """What the module does, without Ansible around it."""
    answers = probing.run(reachability_info.parse(json.load(sys.stdin)), probing.Limits())
    json.dump({"tried": reachability_info.together(answers), "memory": own_memory()}, sys.stdout)
    return 0


def own_memory() -> int:
    """MiB at the most; what getrusage says of a child counts the parent's until the child has become a program."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def measure(hosts: t.Sequence[Host], witnesses: int, forks: int) -> int:
    start = time.monotonic()
    made = plan(fleet(hosts), witnesses)
    probes = {host.name: probes_of(made, host.name) for host in hosts}
    planned = time.monotonic() - start
    with ThreadPoolExecutor(forks) as pool:
        runs = dict(zip(probes, pool.map(lambda name: tried(name, probes[name]), probes)))
    took = time.monotonic() - start - planned
    start = time.monotonic()
    judged = judge(made, {name: runs[name].result for name in runs})
    counted = totals(judged)
    print(
        f"{title(hosts, witnesses)}: {count(probes)} pairs of a host and a port in {took:.0f} s with {forks} at a time"
    )
    print(
        f"  each host: {count(probes) // len(hosts)} ports, at most {max(run.result['memory'] for run in runs.values())} MiB,"
        f" {sum(run.cpu for run in runs.values()) / len(hosts):.2f} s of CPU"
    )
    print(
        f"  controller: {planned:.2f} s to plan, {time.monotonic() - start:.2f} s to judge,"
        f" {own_memory()} MiB; {counted}",
        flush=True,
    )
    return 0 if counted == expected(made, hosts) else 1


def title(hosts: t.Sequence[Host], witnesses: int) -> str:
    return f"{len(hosts)} hosts, {f'{witnesses} witnesses of every group' if witnesses else 'everybody'}"


def count(probes: t.Mapping[str, t.Iterable[t.Mapping[str, t.Any]]]) -> int:
    return sum(len(group["ports"]) for groups in probes.values() for group in groups)


@dataclasses.dataclass(frozen=True)
class Run:
    """What a host returned, and the seconds of CPU that it took."""

    result: dict[str, t.Any]
    cpu: float


def tried(name: str, probes: list[dict[str, t.Any]]) -> Run:
    argv = ["ip", "netns", "exec", name, sys.executable, __file__, "--role", "probe"]
    with tempfile.TemporaryFile("w+") as given, tempfile.TemporaryFile("w+") as output:
        json.dump(probes, given)
        given.seek(0)
        process = subprocess.Popen(argv, stdin=given, stdout=output)
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return Run(json.load(output), usage.ru_utime + usage.ru_stime)


def expected(made: Plan, hosts: t.Sequence[Host]) -> dict[str, int]:
    """The only right judgement, from how the fleet was built."""
    known = {host.name: host for host in hosts}
    found = dict.fromkeys(("reached", "refused", "reachable_but_denied", "blocked_but_allowed", "not_assessed"), 0)
    for service in made["services"]:
        target = known[service["target"]]
        sources = service["sources"] if service["sources"] is not None else known.keys() - {target.name}
        for source in map(known.__getitem__, sources):
            may = {"ssh": source.group == "group0", "application": source.group == "group1"}.get(
                service["service"], True
            )
            opens = {"ssh": may and not target.blocks, "application": may or target.leaks}.get(service["service"], True)
            name = ("refused", "reachable_but_denied") if not may else ("blocked_but_allowed", "reached")
            found[name[opens]] += len(service["endpoints"])
    return found


def show_growth(witnesses: int) -> None:
    """Pairs by the number of hosts: only planned, not tried."""
    for number in (50, 100, 200, 400, 800):
        hosts = [Host(one) for one in range(number)]
        start = time.monotonic()
        pairs = [
            sum(len(one["endpoints"]) * len(one["sources"] or hosts[1:]) for one in plan(fleet(hosts), k)["services"])
            for k in (0, witnesses)
        ]
        print(
            f"{number} hosts: {pairs[0]} pairs, {pairs[1]} with {witnesses} witnesses ({time.monotonic() - start:.1f} s to plan)"
        )


# The whole playbook


def play(hosts: t.Sequence[Host], witnesses: int, forks: int) -> int:
    with tempfile.TemporaryDirectory(prefix="h4-") as name:
        folder = pathlib.Path(name)
        (folder / "hosts.json").write_text(json.dumps(inventory(hosts, folder)))
        argv = ["ansible-playbook", "-i", f"{folder}/hosts.json", "-f", str(forks), str(ROOT / "playbooks/prove.yml")]
        argv += ["-e", json.dumps({"infosec_witnesses": witnesses, "infosec_report_directory": f"{folder}/reports"})]
        start = time.monotonic()
        with open(folder / "output", "w") as output:
            process = subprocess.Popen(argv, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
            _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        took, cpu, memory = time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024
        print(
            f"{title(hosts, witnesses)}: ansible-playbook prove.yml with {forks} forks: {took:.0f} s,"
            f" {cpu:.0f} s of CPU, the hosts' among it, {memory} MiB, status {process.returncode}"
        )
        counted = totals(told(folder))
        print(f"  {counted}", flush=True)
        return 0 if counted == expected(plan(fleet(hosts), witnesses), hosts) else 1


def told(folder: pathlib.Path) -> dict[str, dict[str, t.Any]]:
    """The rows of the report."""
    report = json.loads((folder / "reports/latest/compliance.json").read_text())
    return {"all": {"reachability": report["reachability"]}}


def inventory(hosts: t.Sequence[Host], folder: pathlib.Path) -> dict[str, t.Any]:
    """Each host's Python is one that starts in its namespace."""
    for host in hosts:
        python = folder / host.name
        python.write_text(f'#!/bin/sh\nexec ip netns exec {host.name} {sys.executable} "$@"\n')
        python.chmod(0o755)
    variables = {
        host.name: {"ansible_python_interpreter": str(folder / host.name), "infosec_addresses": list(host.addresses)}
        for host in hosts
    }
    children = {
        name: {"hosts": {member: {} for member in members}} for name, members in groups(hosts).items() if name != "all"
    }
    common = {"ansible_connection": "local", "infosec_become": False, "infosec_services": entries()}
    return {"all": {"hosts": variables, "vars": common, "children": children}}


if __name__ == "__main__":
    sys.exit(main())
