# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether visitors who are led to a certificate, or are kept to it, would turn away from it."""

from __future__ import annotations

import contextlib
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Pair, Refused
from ansible_collections.infosec.principles.plugins.module_utils._formats import x509
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost


def refuse_strangers(host: Host, where: str, pairs: t.Iterable[Pair], names: t.Iterable[str]) -> None:
    """Raise Refused where clients that are led to these certificates would turn away from them.

    For each name one has to be valid now, for that name, and issued by somebody else. where: what leads there.
    """
    shown = [one for pair in pairs for one in [_certificate(host, pair.certificate)] if one]
    for name in names or ("",):
        if not any(fits(host, one, name) for one in shown):
            raise Refused(
                f"{printable(where)}: no certificate at port 443 is valid, issued by an authority and for "
                f"{printable(name) or 'these clients'}, so those led there would turn away"
            )


def fits(host: Host, certificate: x509.Certificate, name: str) -> bool:
    """Whether it is valid now, issued by somebody else, and for that name ("" for any)."""
    current = certificate.not_before <= host.now() <= certificate.not_after
    return current and not certificate.self_issued and (not name or x509.covers(certificate, name))


def _certificate(host: Host, path: str) -> x509.Certificate | None:
    try:
        return x509.first(host.read_part(path, x509.MAX_SIZE))
    except HostError:
        return None


def shown(host: Host, vhost: Vhost) -> x509.Certificate | None:
    """The certificate that it shows to who comes by its name; None where there is none."""
    # Not at the top: few hosts need it, and it takes long to import.
    import ssl

    # Not the default one, which reads all authorities of the host (20 ms), and nothing is verified here.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            contextlib.closing(vhost.connect(host)) as plain,
            context.wrap_socket(plain, server_hostname=vhost.asked) as secured,
        ):
            return x509.first(secured.getpeercert(binary_form=True) or b"")
    except (OSError, ValueError, HostError):
        return None
