# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Certificates that lie in the file and that the server does not show yet: what has it take them up."""

from __future__ import annotations

import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._certificates import (
    shown,
    trust,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._certificates.shown import (
    Place,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.commands import Check
from ansible_collections.infosec.principles.plugins.module_utils._engine.units import Activate
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

#: Products that read their certificates anew when their unit is reloaded.
RELOADED = frozenset({"nginx", "Apache httpd", "HAProxy", "PostgreSQL", "Postfix", "Dovecot"})
#: A reload is over before the last of the old processes is: ask for some seconds.
_SHOWS = """file=$1; shift
wanted=$(openssl x509 -in "$file" -noout -fingerprint -sha256) || exit 1
for try in 1 2 3 4 5 6 7 8 9 10; do
    shown=$(openssl s_client "$@" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256 2>/dev/null)
    [ "$shown" = "$wanted" ] && exit 0
    sleep 0.5
done
echo "it shows another one" >&2; exit 1"""
#: How others do, in a person's hands.
STEPS: t.Mapping[str, str] = {
    "MariaDB": "mariadb -e 'FLUSH SSL'",
    "MySQL": "mysql -e 'ALTER INSTANCE RELOAD TLS'",
    "RabbitMQ": "rabbitmqctl eval 'ssl:clear_pem_cache().'",
}


def stale(host: Host, place: Place) -> str:
    """The file with another certificate than the one on the wire; "" where there is none, or no file is known."""
    files = {pair.certificate: shown.every(host, pair.certificate) for pair in place.endpoint.pairs}
    known = {chain[0].digest for chain in files.values() if chain}
    if not known or all(chain[0].digest in known for chain in place.chains):
        return ""
    asked = {chain[0].digest: chain[0].subject for chain in place.chains}
    waiting = [path for path, chain in files.items() if chain and chain[0].digest not in asked]
    # Of several, the one that is for the same as what is shown in its place.
    alike = [path for path in waiting if files[path][0].subject in asked.values()]
    return next(iter((*alike, *waiting)), "")


def changes(place: Place, path: str) -> tuple[Change, ...]:
    """A reload, where the server takes them up by it, and that it shows what lies in the file."""
    if place.server.PRODUCT not in RELOADED or not place.server.unit:
        return ()
    reload = Activate(place.server.unit, "reload", ports=((place.address, place.endpoint.port),))
    # Of several certificates openssl is shown the one that the server prefers, which may be another.
    return (reload,) if len(place.chains) > 1 else (reload, _shows(place, path))


def _shows(place: Place, path: str) -> Check:
    argv = ("sh", "-c", _SHOWS, "sh", path, *trust.client(place))
    return Check(f"see that {place.subject} shows what lies in {printable(path)}", argv)


def steps(place: Place) -> str:
    """What a person does."""
    known = STEPS.get(place.server.PRODUCT)
    return known or f"systemctl restart {place.server.unit or place.server.name}, when its clients can bear it"
