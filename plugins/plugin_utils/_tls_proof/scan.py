# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Asks endpoints by sslyze what they offer. A program of its own, so that it can be ended in whatever it hangs.

In: one JSON object (see `Order`). Out: one line of JSON for each endpoint, as soon as it is done.
"""

from __future__ import annotations

import importlib
import json
import pathlib
import socket
import ssl
import sys
import tempfile
import typing as t

#: By OpenSSL's names of versions.
VERSIONS: t.Mapping[str, str] = {
    "SSLv2": "ssl_2_0_cipher_suites",
    "SSLv3": "ssl_3_0_cipher_suites",
    "TLSv1": "tls_1_0_cipher_suites",
    "TLSv1.1": "tls_1_1_cipher_suites",
    "TLSv1.2": "tls_1_2_cipher_suites",
    "TLSv1.3": "tls_1_3_cipher_suites",
}
CURVES, CERTIFICATES = "elliptic_curves", "certificate_info"
#: Connections to one server at a time: enough to be quick, too few for it to take notice.
CONNECTIONS = 5


def _module(name: str) -> t.Any:
    """None where it is missing: whoever runs this program looks for sslyze first."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


sslyze = _module("sslyze")
serialization = _module("cryptography.hazmat.primitives.serialization")


class Endpoint(t.TypedDict):
    """One port. starttls: sslyze's name of what TLS begins in; "" for nothing. name: the server's; "" for none."""

    address: str
    port: int
    starttls: str
    name: str


class Order(t.TypedDict):
    """authorities: in PEM, "" for none. servers: asked at a time. timeout: seconds for each answer."""

    endpoints: list[Endpoint]
    authorities: str
    servers: int
    timeout: int


def main() -> None:
    """Read the order and answer it."""
    order: Order = json.load(sys.stdin)
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as authorities:
        authorities.write(order["authorities"])
        authorities.flush()
        place = pathlib.Path(authorities.name) if order["authorities"] else None
        requests = [_request(one, place, order["timeout"]) for one in order["endpoints"]]
        numbers = {request.uuid: number for number, request in enumerate(requests)}
        scanner = sslyze.Scanner(CONNECTIONS, order["servers"])
        scanner.queue_scans(requests)
        for result in scanner.get_results():
            number = numbers[result.uuid]
            said = _said(result, order["endpoints"][number], order["timeout"])
            print(json.dumps({"number": number, **said}), flush=True)


def _request(one: Endpoint, authorities: pathlib.Path | None, timeout: int) -> t.Any:
    named = one["name"] or one["address"]
    extra = sslyze.CertificateInfoExtraArgument(authorities) if authorities else None
    return sslyze.ServerScanRequest(
        server_location=sslyze.ServerNetworkLocation(named, one["port"], one["address"]),
        network_configuration=sslyze.ServerNetworkConfiguration(
            tls_server_name_indication=named,
            tls_opportunistic_encryption=_starttls(one),
            network_timeout=timeout,
            network_max_retries=1,
        ),
        scan_commands={sslyze.ScanCommand(name) for name in (*VERSIONS.values(), CURVES, CERTIFICATES)},
        scan_commands_extra_arguments=sslyze.ScanCommandsExtraArguments(certificate_info=extra),
    )


def _starttls(one: Endpoint) -> t.Any:
    return sslyze.ProtocolWithOpportunisticTlsEnum(one["starttls"]) if one["starttls"] else None


def _said(result: t.Any, one: Endpoint, timeout: int) -> dict[str, t.Any]:
    """fault: the name of sslyze's error, and why: its words, where it speaks no TLS, or not at all."""
    if result.scan_result is None:
        fault, why = _fault(result.connectivity_error_trace)
        at_once = not one["starttls"]
        speaks = at_once and _speaks(one, timeout)
        return {
            "fault": fault,
            "why": why,
            "speaks": speaks,
            "redirects": at_once and not speaks and _redirects(one, timeout),
        }
    scanned = {name: getattr(result.scan_result, name).result for name in (*VERSIONS.values(), CURVES, CERTIFICATES)}
    return {
        "fault": "",
        "ciphers": {version: _ciphers(scanned[name]) for version, name in VERSIONS.items()},
        "groups": _groups(scanned[CURVES]),
        "certificates": _certificates(scanned[CERTIFICATES]),
    }


def _fault(trace: t.Any) -> tuple[str, str]:
    if trace is None:
        return "ConnectionToServerFailed", "it did not answer"
    said = "".join(trace.format_exception_only()).strip()
    kind, _colon, why = said.splitlines()[-1].partition(": ")
    return kind.rpartition(".")[2], why


def _ciphers(result: t.Any) -> list[str] | None:
    """By OpenSSL's names; None where sslyze could not tell."""
    return [one.cipher_suite.openssl_name for one in result.accepted_cipher_suites] if result else None


def _groups(result: t.Any) -> list[str] | None:
    return [one.name for one in result.supported_curves or ()] if result else None


def _certificates(result: t.Any) -> list[dict[str, t.Any]] | None:
    """Each chain that the server has: in PEM, and whether an authority stands for it."""
    if result is None:
        return None
    return [
        {
            "chain": [
                each.public_bytes(serialization.Encoding.PEM).decode() for each in one.received_certificate_chain
            ],
            "verified": sorted(path.trust_store.name for path in one.path_validation_results if _verified(path)),
            "why": next(
                (str(path.validation_error) for path in one.path_validation_results if not _verified(path)), ""
            ),
        }
        for one in result.certificate_deployments
    ]


def _verified(path: t.Any) -> bool:
    return bool(path.was_validation_successful)


def _speaks(one: Endpoint, timeout: int) -> bool:
    """Whether a plain handshake succeeds, with nothing verified: a busy server may have turned sslyze's many away."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with socket.create_connection((one["address"], one["port"]), timeout=timeout) as connection:
            context.wrap_socket(connection, server_hostname=one["name"] or None).close()
    except OSError:
        return False
    return True


def _redirects(one: Endpoint, timeout: int) -> bool:
    """Whether it is HTTP in clear that only sends everybody on to https."""
    request = f"GET / HTTP/1.1\r\nHost: {one['name'] or one['address']}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((one["address"], one["port"]), timeout) as wire:
            wire.sendall(request.encode())
            head = wire.recv(4096).decode("latin-1").lower()
    except OSError:
        return False
    return head.startswith("http/1.") and head[9:12] in ("301", "302", "307", "308") and "\nlocation: https://" in head


if __name__ == "__main__":
    main()
