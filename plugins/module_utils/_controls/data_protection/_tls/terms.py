# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What a server's configuration is to say: a profile of the guideline, cut down to what the server's library can do."""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import Terms
from ansible_collections.infosec.principles.plugins.module_utils._formats import tls_guideline
from ansible_collections.infosec.principles.plugins.module_utils._host.crypto_library import OPENSSL, Library

#: The first OpenSSL with TLS 1.3 (its CHANGES), and GnuTLS (its NEWS; libgnutls.so.30.21 is 3.6.5).
TLS_13 = {OPENSSL: (1, 1, 1)}
NO_TLS_13 = "the library that it has loaded, {name} {version}, has no TLS 1.3; upgrade it, then run this again"


def of(library: Library, profile: str) -> Terms:
    """Raises Refused where the library has nothing of the profile."""
    wanted = tls_guideline.PROFILES[profile]
    able = library.version >= TLS_13.get(library.name, ()) or not library.version
    protocols = tuple(name for name in wanted.protocols if able or name != "TLSv1.3")
    if not protocols:
        version = ".".join(map(str, library.version))
        raise Refused(NO_TLS_13.format(name=library.name, version=version))
    # What every library has, where it is another one or its version is not known.
    openssl = (library.version if library.name == OPENSSL else ()) or (0,)
    groups = tls_guideline.groups(wanted, openssl)
    return Terms(profile, protocols, wanted.ciphers, wanted.suites if able else (), groups)
