# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Groups for servers that have no setting for them (MariaDB, MySQL, Redis, Valkey): by OpenSSL's own configuration.

What OPENSSL_CONF names, every context of TLS in the process begins with (config(5), "SSL Configuration"). It stands in
for the system's file, so it keeps what Debian says there; where the system's says more (providers, policies), it is not
replaced.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import (
    HEADER,
    Terms,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.files import WriteFile, write_file
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError

VARIABLE = "OPENSSL_CONF"
SYSTEM = "/etc/ssl/openssl.cnf"
CONFIG, DROP_IN = "/etc/ssl/infosec-{}.cnf", "/etc/systemd/system/{}.d/infosec-service-tls.conf"
MAX_ENVIRONMENT = 256 * 1024
#: A provider that is asked for (FIPS), another one's policy: more than groups would be lost.
_MORE = re.compile(r"^\s*(?:fips|\.include|alg_section|engines?)\b", re.MULTILINE)
_TEXT = """openssl_conf = infosec_principles
[infosec_principles]
ssl_conf = infosec_principles_ssl
[infosec_principles_ssl]
system_default = infosec_principles_tls
[infosec_principles_tls]
MinProtocol = TLSv1.2
CipherString = DEFAULT:@SECLEVEL=2
Groups = {}
"""


def files(host: Host, unit: str, pid: int, terms: Terms) -> t.Iterator[WriteFile]:
    """What is not yet as it has to be, for the unit's next start; nothing where that is not for us to set."""
    config = CONFIG.format(unit.partition(".")[0].replace("@", "-"))
    if not (unit.endswith(".service") and terms.groups and _free(host, pid, config)):
        return
    plans = (
        write_file(host, config, HEADER + _TEXT.format(":".join(terms.groups))),
        write_file(host, DROP_IN.format(unit), f"{HEADER}[Service]\nEnvironment={VARIABLE}={config}\n"),
    )
    yield from (plan for plan in plans if plan.before != plan.after)


def _free(host: Host, pid: int, config: str) -> bool:
    """Whether the process has the system's configuration, and that says no more than ours does; or ours already."""
    environment = host.read_part(f"/proc/{pid}/environ", MAX_ENVIRONMENT).split(b"\0")
    named = [one.partition(b"=")[2].decode("utf-8", "replace") for one in environment if one.startswith(b"OPENSSL_")]
    if named:
        return named == [config]
    try:
        return not _MORE.search(host.read_text(SYSTEM))
    except HostError:
        return False
