# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A pair of a key and a certificate of the internal authority, as files of one folder of the host.

    ca.pem              the authorities
    shop                a link to the pair in use, so that key.pem and fullchain.pem change in one moment
    .pairs/shop.new     a key that waits for its certificate, and the request for it
    .pairs/shop-0a1b    a pair, named by the beginning of its certificate's digest

How far a renewal has come is read from these names alone, so that a run which was cut off anywhere is finished by the
next. The key is made here and never leaves; openssl(1) is all that is needed.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import re
import shutil
import stat
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import x509
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

PAIRS, NEW = ".pairs", ".new"
CERTIFICATE, KEY, REQUEST, CONFIG = "fullchain.pem", "key.pem", "request.pem", "request.cnf"
#: Lies beside a pair that its service has not taken up yet.
UNTAKEN = "not-taken-up"
#: Kinds of keys by what openssl genpkey(1) takes, and what a certificate says of them.
KINDS: t.Mapping[str, tuple[tuple[str, ...], str]] = {
    "prime256v1": (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), "ecdsa P-256"),
    "secp384r1": (("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), "ecdsa P-384"),
    "rsa3072": (("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"), "rsa"),
}
#: What becomes the name of a folder, and what goes into the configuration of openssl as it is.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ @+-]{0,99}")
_DNS_NAME, _ADDRESS = re.compile(r"[A-Za-z0-9_*.-]{1,253}"), re.compile(r"[0-9a-fA-F.:]{2,45}")
#: RFC 5280, appendix A.1: a common name has 64 characters at most.
_COMMON_NAME = 64
_REQUEST = """\
[req]
distinguished_name = subject
prompt = no
string_mask = utf8only
req_extensions = extensions
[subject]
CN = {common_name}
[extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = {names}
"""
Runner = t.Callable[[t.Sequence[str]], Completed]


class PairError(Exception):
    """Why a pair was not made or not put in place, and what a person does about it."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """A certificate that a host owes. name: the folder. names, addresses: what it is for. unit, ports: who shows it."""

    name: str
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    unit: str = ""
    ports: tuple[int, ...] = ()

    @property
    def common_name(self) -> str:
        """For people alone: programs look at the alternative names."""
        return next((one for one in (*self.names, *self.addresses) if len(one) <= _COMMON_NAME), self.name)[
            :_COMMON_NAME
        ]


@dataclasses.dataclass(frozen=True)
class Terms:
    """What a certificate has to be like. authorities: who may have signed it. days: left of it at least."""

    authorities: tuple[x509.Certificate, ...]
    kind: str
    days: int
    now: datetime.datetime


@dataclasses.dataclass(frozen=True)
class Folder:
    """Where the pairs of a host lie. run: openssl."""

    path: str
    run: Runner

    @property
    def authorities(self) -> str:
        return f"{self.path}/ca.pem"

    def link(self, name: str) -> str:
        return f"{self.path}/{name}"

    def pair(self, name: str) -> str:
        return f"{self.path}/{PAIRS}/{name}"

    def current(self, name: str) -> str:
        """The pair in use; "" for none. Raises PairError for what no run of ours has made."""
        link = self.link(name)
        if not os.path.lexists(link):
            return ""
        real = os.path.join(self.path, os.readlink(link)) if os.path.islink(link) else ""
        if os.path.dirname(real) != f"{self.path}/{PAIRS}":
            raise PairError(f"{link} is not of this playbook; move it away, or keep its certificate by other means")
        return real


# Looking


def fault(folder: Folder, wanted: Wanted, terms: Terms) -> str:
    """Why the host needs a new certificate; "" where it does not. Raises PairError."""
    pair = folder.current(wanted.name)
    certificate = x509.first(read(f"{pair}/{CERTIFICATE}")) if pair else None
    if certificate is None or not os.path.exists(f"{pair}/{KEY}"):
        return "there is none"
    return _unfit(certificate, wanted, terms) or _unproved(folder, pair)


def _unfit(certificate: x509.Certificate, wanted: Wanted, terms: Terms) -> str:
    subjects = {one.subject_name for one in terms.authorities if one.not_after > certificate.not_after}
    faults = {
        f"ends on {certificate.not_after.date()}": _ends_soon(certificate, terms),
        "is for other names": set(certificate.names) != set(wanted.names)
        or set(certificate.addresses) != set(wanted.addresses),
        "has another kind of key": certificate.kind != KINDS[terms.kind][1],
        "is of no authority that is in use": certificate.issuer_name not in subjects,
    }
    return next((words for words, true in faults.items() if true), "")


def _ends_soon(certificate: x509.Certificate, terms: Terms) -> bool:
    return certificate.not_after - datetime.timedelta(days=terms.days) <= terms.now


def _unproved(folder: Folder, pair: str) -> str:
    try:
        prove(folder, pair)
    except PairError as exc:
        return str(exc)
    return ""


def prove(folder: Folder, pair: str) -> None:
    """Raise PairError unless the key is the certificate's, and the authorities stand for it."""
    in_certificate = folder.run(["openssl", "x509", "-in", f"{pair}/{CERTIFICATE}", "-noout", "-pubkey"])
    of_key = folder.run(["openssl", "pkey", "-in", f"{pair}/{KEY}", "-pubout"])
    if of_key.rc != 0 or in_certificate.stdout != of_key.stdout:
        raise PairError("the key is not that of the certificate")
    chain = ["-no_check_time", "-untrusted", f"{pair}/{CERTIFICATE}", f"{pair}/{CERTIFICATE}"]
    done = folder.run(["openssl", "verify", "-CAfile", folder.authorities, *chain])
    if done.rc != 0:
        raise PairError("the authorities of ca.pem do not stand for the certificate")


def read(path: str) -> bytes:
    """The beginning of a file; nothing where it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return stream.read(x509.MAX_SIZE)
    except OSError:
        return b""


# Making


def prepare(folder: Folder) -> None:
    """Make the folders; the inner one shows nobody which pairs there are. Raises PairError."""
    for path, mode in ((folder.path, 0o755), (f"{folder.path}/{PAIRS}", 0o711)):
        if os.path.islink(path):
            raise PairError(f"{path} is a link; name the folder itself")
        os.makedirs(path, mode=mode, exist_ok=True)
        os.chmod(path, mode)


def request(folder: Folder, wanted: Wanted, kind: str) -> str:
    """The request for a certificate of a key that waits here; one that waits since an earlier run is taken.

    Raises PairError.
    """
    waiting = folder.pair(wanted.name + NEW)
    os.makedirs(waiting, mode=0o700, exist_ok=True)
    if not _waits(folder, waiting, kind):
        candidate = f"{waiting}/.{KEY}"
        _openssl(folder, ["openssl", "genpkey", *KINDS[kind][0], "-out", candidate])
        os.chmod(candidate, 0o600)
        os.rename(candidate, f"{waiting}/{KEY}")
    write(f"{waiting}/{CONFIG}", _config(wanted), 0o600)
    asking = ["-config", f"{waiting}/{CONFIG}", "-key", f"{waiting}/{KEY}", "-out", f"{waiting}/{REQUEST}"]
    _openssl(folder, ["openssl", "req", "-new", "-sha256", *asking])
    return read(f"{waiting}/{REQUEST}").decode("ascii")


def _waits(folder: Folder, waiting: str, kind: str) -> bool:
    """Whether a key of this kind lies there already, whole."""
    done = folder.run(["openssl", "pkey", "-in", f"{waiting}/{KEY}", "-noout", "-text_pub"])
    mark = {"prime256v1": "P-256", "secp384r1": "P-384", "rsa3072": "3072 bit"}[kind]
    return done.rc == 0 and mark in done.stdout


def _config(wanted: Wanted) -> str:
    names = [*(f"DNS:{one}" for one in wanted.names), *(f"IP:{one}" for one in wanted.addresses)]
    return _REQUEST.format(common_name=wanted.common_name, names=", ".join(names))


def check(wanted: Wanted) -> None:
    """Raise PairError for names that cannot be a folder's, or a certificate's."""
    if not NAME.fullmatch(wanted.name) or wanted.name == "ca.pem":
        raise PairError(f"{wanted.name!r} cannot be the name of a folder; give the entry another name")
    bad = [one for one in wanted.names if not _DNS_NAME.fullmatch(one)]
    bad += [one for one in wanted.addresses if not _ADDRESS.fullmatch(one)]
    if bad or not (wanted.names or wanted.addresses):
        raise PairError(f"{wanted.name}: {bad[0]!r} is no name" if bad else f"{wanted.name}: there is no name for it")


def _openssl(folder: Folder, argv: t.Sequence[str]) -> None:
    done = folder.run(argv)
    if done.rc != 0:
        # Its words are about options and files; a key is in neither.
        lines = done.stderr.strip().splitlines()
        raise PairError(f"{' '.join(argv[:2])}: {lines[0] if lines else f'ended with {done.rc}'}")


# Putting in place


def complete(folder: Folder, name: str, certificate: str, group: int) -> str:
    """Make a whole pair of the key that waits and its certificate; the folder of it. Raises PairError."""
    waiting = folder.pair(name + NEW)
    if not os.path.exists(f"{waiting}/{KEY}"):
        raise PairError("no key waits for this certificate; run again")
    write(f"{waiting}/{CERTIFICATE}", certificate, 0o644)
    prove(folder, waiting)
    for leftover in (CONFIG, REQUEST):
        os.unlink(f"{waiting}/{leftover}")
    admit(waiting, group)
    found = x509.first(certificate.encode())
    final = folder.pair(f"{name}-{found.digest[:16] if found else ''}")
    shutil.rmtree(final, ignore_errors=True)
    if folder.current(name):
        write(f"{waiting}/{UNTAKEN}", "", 0o600)
    os.rename(waiting, final)
    sync(f"{folder.path}/{PAIRS}")
    return final


def admit(pair: str, group: int) -> bool:
    """Let the group of the service read the key, and nobody else; whether that was news."""
    key = f"{pair}/{KEY}"
    status = os.lstat(key)
    wanted = (0o640, os.geteuid(), group)
    if (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == wanted and _mode(pair) == 0o755:
        return False
    os.chown(key, os.geteuid(), group, follow_symlinks=False)
    os.chmod(key, 0o640)
    os.chmod(pair, 0o755)
    return True


def _mode(path: str) -> int:
    return stat.S_IMODE(os.lstat(path).st_mode)


def point(folder: Folder, name: str, pair: str) -> None:
    """Have the link lead to this pair, in one moment."""
    beside = f"{folder.path}/.{name}.link"
    if os.path.lexists(beside):
        os.unlink(beside)
    os.symlink(f"{PAIRS}/{os.path.basename(pair)}", beside)
    os.rename(beside, folder.link(name))
    sync(folder.path)


def untaken(folder: Folder, name: str) -> bool:
    """Whether the service has still to take up its pair."""
    pair = folder.current(name)
    return bool(pair) and os.path.exists(f"{pair}/{UNTAKEN}")


def taken(folder: Folder, name: str) -> None:
    """Note that the service has taken up its pair, and remove what came before."""
    current = folder.current(name)
    if os.path.exists(f"{current}/{UNTAKEN}"):
        os.unlink(f"{current}/{UNTAKEN}")
    for one in os.listdir(f"{folder.path}/{PAIRS}"):
        path = folder.pair(one)
        if re.fullmatch(rf"{re.escape(name)}-[0-9a-f]{{16}}", one) and path != current:
            shutil.rmtree(path)


# Files


def write(path: str, text: str, mode: int) -> None:
    """Put a whole file in place."""
    beside = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.new")
    if os.path.lexists(beside):
        os.unlink(beside)
    fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(fd, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fchmod(fd, mode)
        os.fsync(fd)
    os.rename(beside, path)


def sync(path: str) -> None:
    """Have the disk know of renames in a folder."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
