# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The register as aerleon's policies: one for each firewall (or family of one), as plain data.

aerleon's keys: https://aerleon.readthedocs.io/en/latest/reference/yaml_reference/. No term has addresses of both
families: some generators drop those of a family that one side lacks, and keep the rest of the rule.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall.flows import (
    EVERYWHERE,
    FAMILIES,
    ICMP,
    NEIGHBOURS,
    Flow,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._network_firewall.platforms import (
    BOTH,
    PLATFORMS,
    Platform,
)

Term = dict[str, t.Any]
Options = t.Mapping[str, t.Any]

COMMENT = "Made from infosec_services by infosec.principles"
_ICMP = {4: "icmp", 6: "icmpv6"}


def policies(flows: t.Sequence[Flow], targets: t.Mapping[str, Options | None]) -> dict[str, t.Any]:
    """`policies` for aerleon.api.Generate, and `definitions` for its Naming. targets: generators and their options.

    Raises ValueError naming a target or an option that is unknown, or missing.
    """
    made = [one for name in sorted(targets) for one in _policies(name, targets[name] or {}, flows)]
    return {"policies": made, "definitions": _definitions(flows)}


def _policies(name: str, options: Options, flows: t.Sequence[Flow]) -> t.Iterator[dict[str, t.Any]]:
    platform = PLATFORMS.get(name)
    if platform is None:
        raise ValueError(f"{name}: no such target; write one of {', '.join(PLATFORMS)}")
    settings = platform.settings(name, options)
    headers = platform.headers(settings)
    seen = _reachable_by(settings["pods"], flows) if platform.place == "clients" else flows
    filters = {
        family: {
            "header": {"targets": {name: header}, "comment": COMMENT},
            "terms": list(_terms(platform, family, seen)),
        }
        for family, header in headers.items()
    }
    if platform.apart:
        yield from ({"filename": f"{name}-{platform.families[one]}", "filters": [filters[one]]} for one in filters)
    else:
        yield {"filename": name, "filters": list(filters.values())}


def _terms(platform: Platform, family: int, flows: t.Iterable[Flow]) -> t.Iterator[Term]:
    """One list of rules; family: BOTH, or the one that it holds."""
    families = FAMILIES if family == BOTH else (family,)
    if platform.replies == "established":
        for one in families:
            yield _term(f"established{one}", protocol=["tcp", "udp", _ICMP[one]], option="established")
    for flow in flows:
        if flow.family in families:
            yield from _service_terms(platform, flow)
    if platform.icmp != "none":
        yield from (_icmp_term(platform, one) for one in families)
    yield _term(f"default-deny{family or ''}", action="deny", logging="true")


def _service_terms(platform: Platform, flow: Flow) -> t.Iterator[Term]:
    for protocol, _ports in flow.by_protocol():
        name = f"{flow.label}-{protocol}{flow.family}"
        ports = _token(flow, protocol)
        here, there = _token(flow, f"from{flow.family}"), _token(flow, f"to{flow.family}")
        sources = here if flow.sources else ""
        about = {"comment": flow.remark, "protocol": protocol}
        if platform.place == "clients":
            yield _term(name, **about, destination_address=there, destination_port=ports)
        elif platform.place == "tag":
            yield _term(name, **about, source_address=here, destination_tag=flow.label, destination_port=ports)
        else:
            yield _term(name, **about, source_address=sources, destination_address=there, destination_port=ports)
        if platform.replies == "explicit":
            # The answers of that service alone, and no open range of high ports.
            answer = "tcp-established" if protocol == "tcp" else ""
            back = {"source_address": there, "source_port": ports, "destination_address": sources}
            yield _term(f"{name}-re", protocol=protocol, **back, option=answer)


def _icmp_term(platform: Platform, family: int) -> Term:
    # Where state is kept an answer to an echo belongs to it.
    wanted = [one for one in ICMP[family] if platform.replies == "explicit" or one.name != "echo-reply"]
    if platform.replies == "explicit" and family == 6:
        wanted += NEIGHBOURS
    types = [one.name for one in wanted] if platform.icmp == "types" else []
    sources = f"EVERYWHERE{family}" if platform.place == "tag" else ""
    return _term(f"icmp{family}", protocol=_ICMP[family], icmp_type=types, source_address=sources)


def _term(name: str, *, action: str = "accept", **keys: str | list[str]) -> Term:
    """A term without the keys that have no value."""
    return {"name": name, **{key.replace("_", "-"): value for key, value in keys.items() if value}, "action": action}


def _reachable_by(pods: str, flows: t.Iterable[Flow]) -> list[Flow]:
    """What every one of these may reach. Raises ValueError for what is no network."""
    try:
        there = [ipaddress.ip_network(one) for one in pods.split(",")]
    except ValueError as exc:
        raise ValueError(f"k8s.pods: {exc}; write the network of the pods, such as 10.244.0.0/16") from exc
    return [flow for flow in flows if any(_covers(flow, network) for network in there)]


def _covers(flow: Flow, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    if network.version != flow.family:
        return False
    sources = flow.sources or (EVERYWHERE[flow.family],)
    # The sources are merged, so no two of them make up the network together.
    return any(_within(network, ipaddress.ip_network(one)) for one in sources)


def _within(inner: t.Any, outer: t.Any) -> bool:
    return bool(inner.subnet_of(outer))


# --- Definitions ------------------------------------------------------------------------------------------------------


def _definitions(flows: t.Iterable[Flow]) -> dict[str, t.Any]:
    networks = {f"EVERYWHERE{family}": _addresses([EVERYWHERE[family]]) for family in FAMILIES}
    services: dict[str, t.Any] = {}
    for flow in flows:
        networks[_token(flow, f"from{flow.family}")] = _addresses(flow.sources or [EVERYWHERE[flow.family]])
        networks[_token(flow, f"to{flow.family}")] = _addresses(flow.destinations)
        for protocol, ports in flow.by_protocol():
            services[_token(flow, protocol)] = [
                {"port": str(one).partition("/")[0], "protocol": protocol} for one in ports
            ]
    return {"networks": networks, "services": services}


def _addresses(cidrs: t.Iterable[str]) -> dict[str, t.Any]:
    return {"values": [{"address": cidr} for cidr in cidrs]}


def _token(flow: Flow, what: str) -> str:
    """aerleon's names of networks and services are in capitals."""
    return f"{flow.label}-{what}".upper()
