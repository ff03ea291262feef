# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether another host answers by TLS, with a certificate that verifies, as a client of this host would see it."""

from __future__ import annotations

import contextlib

from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

#: Bundles of the authorities that a distribution trusts.
BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/var/lib/ca-certificates/ca-bundle.pem",
)


def bundle(host: Host) -> str:
    """The file with the authorities that this host trusts; "" for none."""
    return next((path for path in BUNDLES if host.exists(path)), "")


def refusal(host: Host, address: str, port: int, name: str, authorities: str) -> str:
    """Why TLS with that port is not to be relied on; "" where its certificate verifies.

    name: what the certificate has to be for. authorities: a file of certificates, by which alone it is verified.
    """
    # Not at the top: few hosts need it, and it takes long to import.
    import ssl

    try:
        context = ssl.create_default_context(cafile=host.path(authorities))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # What Python adds by itself since 3.13, and no proxy does.
        context.verify_flags &= ~(ssl.VERIFY_X509_STRICT | getattr(ssl, "VERIFY_X509_PARTIAL_CHAIN", 0))
        with contextlib.closing(host.reach(address, port)) as plain:
            context.wrap_socket(plain, server_hostname=name).close()
    except HostError as exc:
        return str(exc)
    except ssl.SSLCertVerificationError as exc:
        return f"its certificate does not verify ({exc.verify_message})"
    except (OSError, ValueError) as exc:
        return f"it speaks no TLS there ({getattr(exc, 'reason', None) or getattr(exc, 'strerror', None) or exc})"
    return ""
