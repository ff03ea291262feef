# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs of the internal authority by the openssl of this machine: made, put in place, renewed, and stopped on the way."""

from __future__ import annotations

import datetime
import os
import pathlib
import stat

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ansible_collections.infosec.principles.plugins.module_utils._certificates import pairs
from ansible_collections.infosec.principles.plugins.module_utils._certificates.pairs import (
    Folder,
    PairError,
    Terms,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import x509 as read
from ansible_collections.infosec.principles.plugins.module_utils._host.host import run_command
from ansible_collections.infosec.principles.plugins.plugin_utils._certificates import owed

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
SHOP = Wanted("shop", ("shop.example.org", "web1"), ("192.0.2.7", "2001:db8::7"))
OWED = {"name": "shop", "names": list(SHOP.names), "addresses": list(SHOP.addresses)}


class Authority:
    """One that signs whatever it is given."""

    def __init__(self, name: str) -> None:
        self.key = ec.generate_private_key(ec.SECP384R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder(self.name, self.name, self.key.public_key(), 1, NOW, NOW.replace(year=2050))
        self.pem = _pem(builder.add_extension(x509.BasicConstraints(True, 0), True).sign(self.key, hashes.SHA384()))

    def sign(self, request: str, days: int = 90) -> str:
        asked = x509.load_pem_x509_csr(request.encode())
        ends = NOW + datetime.timedelta(days=days)
        number = x509.random_serial_number()
        builder = x509.CertificateBuilder(self.name, asked.subject, asked.public_key(), number, NOW, ends)
        for one in asked.extensions:
            builder = builder.add_extension(one.value, one.critical)
        return _pem(builder.sign(self.key, hashes.SHA384()))


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture(name="authority")
def made() -> Authority:
    return Authority("an authority")


@pytest.fixture(name="folder")
def prepared(tmp_path: pathlib.Path, authority: Authority) -> Folder:
    folder = Folder(str(tmp_path / "tls"), lambda argv: run_command(argv, None, 60))
    pairs.prepare(folder)
    pairs.write(folder.authorities, authority.pem, 0o644)
    return folder


def terms(folder: Folder, *, kind: str = "prime256v1", days: int = 30) -> Terms:
    known = tuple(read.every(pairs.read(folder.authorities)))
    return Terms(known, kind, days, NOW + datetime.timedelta(seconds=1))


def deploy(folder: Folder, authority: Authority, wanted: Wanted = SHOP, days: int = 90) -> str:
    """A pair in use, as the two modules make it."""
    certificate = authority.sign(pairs.request(folder, wanted, "prime256v1"), days)
    made = pairs.complete(folder, wanted.name, certificate, os.getegid())
    pairs.point(folder, wanted.name, made)
    return made


@pytest.mark.parametrize("kind", pairs.KINDS)
def test_a_request_asks_for_what_is_owed(folder: Folder, authority: Authority, kind: str) -> None:
    assert pairs.fault(folder, SHOP, terms(folder, kind=kind)) == "there is none"
    request = pairs.request(folder, SHOP, kind)
    if kind == "prime256v1":
        assert owed.check(request, OWED) == ""
    pairs.point(folder, "shop", pairs.complete(folder, "shop", authority.sign(request), os.getegid()))
    assert pairs.fault(folder, SHOP, terms(folder, kind=kind)) == ""


def test_a_key_is_for_root_and_the_group_of_the_service(folder: Folder, authority: Authority) -> None:
    made = deploy(folder, authority)
    assert stat.S_IMODE(os.stat(f"{made}/key.pem").st_mode) == 0o640
    os.chmod(f"{made}/key.pem", 0o644)
    assert pairs.admit(made, os.getegid())
    assert not pairs.admit(made, os.getegid())


def test_a_key_that_waits_is_taken(folder: Folder) -> None:
    first = pairs.request(folder, SHOP, "prime256v1")
    key = pathlib.Path(folder.pair("shop.new"), "key.pem")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    before = key.read_bytes()
    assert x509.load_pem_x509_csr(pairs.request(folder, SHOP, "prime256v1").encode()).subject == (
        x509.load_pem_x509_csr(first.encode()).subject
    )
    assert key.read_bytes() == before
    pairs.request(folder, SHOP, "secp384r1")
    assert key.read_bytes() != before


@pytest.mark.parametrize(
    ("wanted", "kind", "days", "fault"),
    [
        (SHOP, "prime256v1", 30, ""),
        (SHOP, "prime256v1", 91, "ends on"),
        (SHOP, "secp384r1", 30, "has another kind of key"),
        (Wanted("shop", ("shop.example.org",), SHOP.addresses), "prime256v1", 30, "is for other names"),
        (Wanted("shop", SHOP.names, ("192.0.2.8",)), "prime256v1", 30, "is for other names"),
    ],
)
def test_what_makes_a_new_one_due(
    folder: Folder, authority: Authority, wanted: Wanted, kind: str, days: int, fault: str
) -> None:
    deploy(folder, authority)
    assert pairs.fault(folder, wanted, terms(folder, kind=kind, days=days)).startswith(fault)
    assert bool(pairs.fault(folder, wanted, terms(folder, kind=kind, days=days))) == bool(fault)


def test_both_authorities_count_while_they_overlap(folder: Folder, authority: Authority) -> None:
    deploy(folder, authority)
    following = Authority("the next authority")
    pairs.write(folder.authorities, following.pem + authority.pem, 0o644)
    assert pairs.fault(folder, SHOP, terms(folder)) == ""
    pairs.write(folder.authorities, following.pem, 0o644)
    assert pairs.fault(folder, SHOP, terms(folder)) == "is of no authority that is in use"


def test_the_certificate_of_another_key_is_refused(folder: Folder, authority: Authority) -> None:
    before = deploy(folder, authority)
    other = authority.sign(pairs.request(folder, Wanted("other", ("other.example.org",), ()), "prime256v1"))
    pairs.request(folder, SHOP, "prime256v1")
    with pytest.raises(PairError, match="not that of the certificate"):
        pairs.complete(folder, "shop", other, os.getegid())
    assert folder.current("shop") == before


def test_the_certificate_of_somebody_else_is_refused(folder: Folder) -> None:
    request = pairs.request(folder, SHOP, "prime256v1")
    with pytest.raises(PairError, match="do not stand for"):
        pairs.complete(folder, "shop", Authority("an authority").sign(request), os.getegid())
    assert folder.current("shop") == ""


def test_a_renewal_changes_both_files_in_one_moment(folder: Folder, authority: Authority) -> None:
    first = deploy(folder, authority)
    certificate = authority.sign(pairs.request(folder, SHOP, "prime256v1"))
    second = pairs.complete(folder, "shop", certificate, os.getegid())
    # Stopped here, the service has its old pair, whole.
    assert folder.current("shop") == first
    pairs.prove(folder, first)
    pairs.point(folder, "shop", second)
    pairs.prove(folder, folder.link("shop"))
    assert pairs.untaken(folder, "shop")
    pairs.taken(folder, "shop")
    assert not pairs.untaken(folder, "shop") and not os.path.exists(first)
    assert os.listdir(f"{folder.path}/.pairs") == [os.path.basename(second)]


def test_nothing_has_to_take_up_the_first_pair(folder: Folder, authority: Authority) -> None:
    deploy(folder, authority)
    assert not pairs.untaken(folder, "shop")


def test_what_others_put_there_is_left_alone(folder: Folder) -> None:
    os.mkdir(f"{folder.path}/shop")
    with pytest.raises(PairError, match="not of this playbook"):
        pairs.fault(folder, SHOP, terms(folder))


def test_a_key_of_another_certificate_is_found(folder: Folder, authority: Authority) -> None:
    made = deploy(folder, authority)
    run_command(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", f"{made}/key.pem"],
        None,
        9,
    )
    assert pairs.fault(folder, SHOP, terms(folder)) == "the key is not that of the certificate"


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted("../etc", ("a.example.org",), ()),
        Wanted("ca.pem", ("a.example.org",), ()),
        Wanted(".pairs", ("a.example.org",), ()),
        Wanted("shop", ("a.example.org\nbasicConstraints = CA:TRUE",), ()),
        Wanted("shop", ("a.example.org, DNS:b.example.org",), ()),
        Wanted("shop", (), ("192.0.2.7, DNS:b.example.org",)),
        Wanted("shop", (), ()),
    ],
)
def test_names_that_are_none(wanted: Wanted) -> None:
    with pytest.raises(PairError):
        pairs.check(wanted)


def test_long_names_have_another_common_name() -> None:
    long = "a" * 60 + ".example.org"
    assert Wanted("shop", (long, "b.example.org"), ()).common_name == "b.example.org"
    assert Wanted("shop", (long,), ()).common_name == "shop"
