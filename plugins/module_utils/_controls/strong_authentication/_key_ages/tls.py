# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What tells the age of a private key of TLS."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._certificate_files import Held, config
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._key_ages import age
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._key_ages.age import (
    Told,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import x509
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host

#: A key whose file was written within so many seconds of the certificate's first moment was put there with it.
TOGETHER = 2 * 24 * 3600


def told(host: Host, key: Held, held: t.Iterable[Held]) -> tuple[Told, ...]:
    """What tells the age of a private key: its file, and the certificate that goes with it."""
    named = age.by_text(key.path, os.path.basename(key.path), "the name of the file")
    first = [one for one in held if one.certificate and (one.path == key.path or one.stem == key.stem)]
    issued = [_issued(host, key, one) for one in sorted(first, key=lambda one: _distance(key, one))[:1]]
    return (*named, *issued, age.by_time(key.path, key.written))


def _distance(key: Held, one: Held) -> int:
    return 0 if one.path == key.path else 1 if os.path.dirname(one.path) == os.path.dirname(key.path) else 2


def _issued(host: Host, key: Held, one: Held) -> Told:
    """A certificate says how old its key is at least: an old key may have been certified anew, and both copied."""
    begins = t.cast(x509.Certificate, one.certificate).not_before
    together = abs(begins.timestamp() - key.written) <= TOGETHER
    if together and _by_certbot(host, key.path):
        return Told(one.path, begins.date(), "its certificate begins, and certbot makes a new key with each", firm=True)
    return Told(one.path, begins.date(), "its certificate begins")


def _by_certbot(host: Host, path: str) -> bool:
    """Whether certbot put it there, and is not told to keep the key (reuse_key)."""
    match = re.fullmatch(r"/etc/letsencrypt/live/([^/]+)/[^/]+", path)
    renewal = config(host, f"/etc/letsencrypt/renewal/{match[1]}.conf") if match else ""
    return bool(renewal) and not re.search(r"^\s*reuse_key\s*=\s*True", renewal, re.MULTILINE | re.IGNORECASE)
