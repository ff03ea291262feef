# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of certificates: an nginx that shows what is made here, and an openssl that knows the authorities of the machine."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import ipaddress
import ssl
import typing as t

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from . import played_tls, played_web
from .case import Case
from .machine import NOW, Machine
from .played_tls import Speaks

PORT = played_web.listen(lambda connection: None)
FOLDER = "/etc/ssl/infosec/shop"
FILE, KEY = f"{FOLDER}/fullchain.pem", f"{FOLDER}/key.pem"
CA, SYSTEM = "/etc/ssl/infosec/ca.pem", "/etc/ssl/certs/ca-certificates.crt"
RSA = rsa.generate_private_key(65537, 2048)
SHA256_WITH_RSA = bytes.fromhex("2a864886f70d01010b")
P256 = ec.generate_private_key(ec.SECP256R1())
PRIVATE = t.Union[ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey]
SERVICE = {
    "name": "shop",
    "ports": [{"first": PORT, "last": PORT, "protocol": "tcp"}],
    "clients": ["any"],
    "tls": "intermediate",
    "names": ["shop.example.org"],
}


@dataclasses.dataclass(frozen=True)
class Made:
    """What a certificate is made of. left: days from now to its end."""

    issuer: str = "an authority"
    names: tuple[str, ...] = ("shop.example.org",)
    addresses: tuple[str, ...] = ()
    days: int = 90
    left: int = 60
    key: PRIVATE = P256
    signer: PRIVATE = P256
    sha1: bool = False
    ocsp: str = ""
    serial: int = 7

    def build(self) -> x509.Certificate:
        ends = NOW + datetime.timedelta(days=self.left)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop")])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.issuer)])
        builder = x509.CertificateBuilder(issuer, subject, self.key.public_key(), self.serial)
        builder = builder.not_valid_before(ends - datetime.timedelta(days=self.days)).not_valid_after(ends)
        addresses = [x509.IPAddress(ipaddress.ip_address(one)) for one in self.addresses]
        known = [*map(x509.DNSName, self.names), *addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName(known), critical=False) if known else builder
        if self.ocsp:
            place = x509.UniformResourceIdentifier(self.ocsp)
            said = x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, place)])
            builder = builder.add_extension(said, critical=False)
        return builder.sign(self.signer, hashes.SHA256())

    def der(self) -> bytes:
        data = _built(self).public_bytes(serialization.Encoding.DER)
        # Nobody here signs by SHA-1 any more, so only its number is there: sha256WithRSAEncryption's, with another end.
        return data.replace(SHA256_WITH_RSA, SHA256_WITH_RSA[:-1] + b"\x05") if self.sha1 else data

    def pem(self) -> bytes:
        return ssl.DER_cert_to_PEM_cert(self.der()).encode()


@functools.lru_cache(maxsize=100)
def _built(made: Made) -> x509.Certificate:
    """One signature for all that show it, or they would not be the same."""
    return made.build()


def authority(name: str) -> bytes:
    """A root of this name."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, P256.public_key(), 1)
    builder = builder.not_valid_before(NOW - datetime.timedelta(days=1))
    builder = builder.not_valid_after(NOW + datetime.timedelta(days=3650))
    builder = builder.add_extension(x509.BasicConstraints(True, 0), critical=True)
    return builder.sign(P256, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


ROOT, PUBLIC = authority("an authority"), authority("a public authority")


def shop(
    made: Made,
    *,
    lies: Made | None = None,
    mode: int = 0o640,
    taken_up: bool = False,
    stapled: bool = False,
    uid: int = 0,
) -> t.Callable[[Machine], None]:
    """An nginx that shows this. lies: what is in the file, where that is another. taken_up: a reload shows it. stapled: see openssl. uid: nginx's."""

    def lay(machine: Machine) -> None:
        shown = [made]
        machine.write(CA, ROOT)
        machine.write(SYSTEM, PUBLIC)
        machine.write(FILE, (lies or made).pem())
        machine.write(KEY, "a key\n", mode=mode)
        pair = f"ssl_certificate {FILE};\nssl_certificate_key {KEY};\n"
        server = f"server {{\nlisten {PORT} ssl;\nserver_name shop.example.org;\n{pair}}}\n"
        machine.write("/etc/nginx/nginx.conf", f"events {{}}\nhttp {{\n{server}}}\n")
        machine.write("/etc/hosts", "192.0.2.7 web1.example.org web1\n")
        machine.write("/etc/hostname", "web1\n")
        machine.unit("nginx.service", process="nginx", sockets=[("tcp", "127.0.0.1", PORT)])
        machine.write("/proc/100/status", f"Name:\tnginx\nUid:\t0\t{uid}\t0\t0\nGid:\t0\t4242\t0\t0\nGroups:\t\n")
        machine.servers[PORT] = played_tls.server(lambda: Speaks(certificate=shown[0].der()))
        machine.program("openssl", lambda argv, stdin: openssl(machine, shown[0], argv, stapled))
        # What waits for the new certificate to show.
        machine.programs["sh"] = lambda argv, stdin: Completed(0 if shown[0] == (lies or made) else 1, "", "")
        systemctl = machine.programs["systemctl"]

        def reloading(argv: t.Sequence[str], stdin: str | None) -> Completed:
            if argv[1] == "reload" and taken_up:
                shown[0] = lies or made
            return systemctl(argv, stdin)

        machine.programs["systemctl"] = reloading

    return lay


def openssl(machine: Machine, shown: Made, argv: t.Sequence[str], stapled: bool) -> Completed:
    """`openssl s_client`: verified where the bundle has the issuer. stapled: an answer of OCSP is sent along."""
    bundle = machine.path(argv[argv.index("-CAfile") + 1]).read_bytes()
    issuers = [one.subject.rfc4514_string() for one in x509.load_pem_x509_certificates(bundle)]
    known = f"CN={shown.issuer}" in issuers
    code = "0 (ok)" if known else "21 (unable to verify the first certificate)"
    ocsp = "    OCSP Response Status: successful (0x0)" if stapled else "OCSP response: no response sent"
    return Completed(0, f"{ocsp}\nVerify return code: {code}\n", "")


REGISTERED = {"services": [SERVICE]}
CLEAN = frozenset({"expiry", "lifespan", "key", "signature", "chain", "names", "key_mode", "reload_pending"})
GOOD = Made()


def failing(name: str, made: Made, *rules: str) -> Case:
    return Case(name, shop(made), REGISTERED, fails=frozenset(rules), passes=CLEAN - set(rules))


CASES = (
    Case("no-server", lambda machine: None),
    Case("clean", shop(GOOD), REGISTERED, passes=CLEAN),
    failing("ends-soon", Made(left=20), "expiry"),
    failing("has-ended", Made(left=-1), "expiry"),
    failing("short-and-not-due", Made(days=6, left=4)),
    failing("short-and-due", Made(days=6, left=1), "expiry"),
    failing("for-too-long", Made(days=400), "lifespan"),
    failing("public-for-a-year", Made(issuer="a public authority", days=300), "lifespan"),
    failing("public-for-as-long-as-allowed", Made(issuer="a public authority", days=200)),
    failing("own-for-a-year", Made(days=300)),
    failing("large-curve", Made(key=ec.generate_private_key(ec.SECP521R1())), "key"),
    failing("small-key", Made(key=rsa.generate_private_key(65537, 1024)), "key"),
    failing("large-key", Made(key=rsa.generate_private_key(65537, 3072))),
    failing("sha-1", Made(signer=RSA, sha1=True), "signature"),
    failing("self-signed", Made(issuer="shop"), "chain"),
    failing("unknown-authority", Made(issuer="somebody else"), "chain"),
    failing("for-another-name", Made(names=("www.example.org",)), "names"),
    failing("for-no-name", Made(names=()), "names"),
    failing("for-a-wildcard", Made(names=("*.example.org",))),
    failing("with-a-responder", Made(ocsp="http://ocsp.example.org"), "stapling"),
    Case(
        "with-its-answer",
        shop(Made(ocsp="http://ocsp.example.org"), stapled=True),
        REGISTERED,
        passes=CLEAN | {"stapling"},
    ),
    Case(
        "rsa-where-modern-is-asked-for",
        shop(Made(key=rsa.generate_private_key(65537, 2048))),
        {"services": [{**SERVICE, "tls": "modern"}]},
        fails=frozenset({"key"}),
        passes=CLEAN - {"key"},
    ),
    Case(
        "an-open-key",
        shop(GOOD, mode=0o644),
        REGISTERED,
        fails=frozenset({"key_mode"}),
        fixed=frozenset({"key_mode"}),
        passes=CLEAN - {"key_mode"},
    ),
    Case(
        "an-open-key-that-its-service-reads-as-anybody",
        shop(GOOD, mode=0o644, uid=4242),
        REGISTERED,
        fails=frozenset({"key_mode"}),
        passes=CLEAN - {"key_mode"},
    ),
    Case(
        "renewed-and-not-taken-up",
        shop(GOOD, lies=Made(left=80, serial=8)),
        REGISTERED,
        fails=frozenset({"reload_pending"}),
        passes=CLEAN - {"reload_pending"},
    ),
)
