# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""The internal authorities as files of a folder on the controller, and which of them signs.

    2026-11-29.pem    the certificate of the authority that was made that day
    2026-11-29.key    its key, encrypted by Ansible Vault

A new one is made long before the last one ends, and signs only once it has been known to hosts for some days. So
clients know both for a while, whichever signed what they are shown.
"""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._formats import x509

_NAME = re.compile(r"\d{4}-\d{2}-\d{2}")


class AuthorityError(Exception):
    """Why no authority can be used."""


@dataclasses.dataclass(frozen=True)
class Authority:
    """name: the day on which it was made."""

    name: str
    pem: str
    certificate: x509.Certificate


def plan(folder: pathlib.Path, now: datetime.datetime, *, renew_days: int, overlap_days: int) -> dict[str, str]:
    """authorities: all that count, in PEM. signer: the name of the one that signs. make: of one that is due, or "".

    Raises AuthorityError.
    """
    living = [one for one in _read(folder) if one.certificate.not_after > now]
    due = not living or living[-1].certificate.not_after - datetime.timedelta(days=renew_days) <= now
    # One that was made today has to be known everywhere before anything is signed with it; the first has to be used.
    known = [one for one in living if one.certificate.not_before <= now - datetime.timedelta(days=overlap_days)]
    return {
        "authorities": "".join(one.pem for one in reversed(living)),
        "signer": next((one.name for one in (*reversed(known), *living)), ""),
        "make": str(now.date()) if due and not (living and living[-1].name == str(now.date())) else "",
    }


def _read(folder: pathlib.Path) -> list[Authority]:
    """Oldest first."""
    paths = sorted(path for path in folder.glob("*.pem") if _NAME.fullmatch(path.stem))
    return [_authority(path) for path in paths]


def _authority(path: pathlib.Path) -> Authority:
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError) as exc:
        raise AuthorityError(f"{path}: cannot be read ({exc})") from exc
    certificate = x509.first(text.encode())
    if certificate is None or not certificate.authority:
        raise AuthorityError(f"{path}: is no certificate of an authority")
    if not path.with_suffix(".key").exists():
        raise AuthorityError(f"{path}: its key is not beside it; bring back both, or move both away")
    return Authority(path.stem, text, certificate)


def bundle(folder: pathlib.Path) -> str:
    """All authorities of the folder, in PEM; "" where there is none. Raises AuthorityError."""
    return "".join(one.pem for one in _read(folder))


def missing() -> t.Iterator[str]:
    """What of internal_ca.yml's needs is not there."""
    import importlib.util

    if importlib.util.find_spec("cryptography") is None:
        yield "Python's cryptography (pip install cryptography, for the Python that runs Ansible)"
    try:
        found = importlib.util.find_spec("ansible_collections.community.crypto")
    except ImportError:
        found = None
    if found is None:
        yield "the collection community.crypto (ansible-galaxy collection install community.crypto)"
