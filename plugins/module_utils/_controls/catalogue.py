# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""All controls, in the order in which they run and are fixed. A new control is one line here."""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection import (
    certificates,
    cleartext_protocols,
    cleartext_upstreams,
    credential_files,
    disk_encryption,
    service_tls,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services import (
    admin_interfaces,
    database_exposure,
    listening_services,
    unused_sshd,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement import (
    host_firewall,
    ssh_pivoting,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.patching import (
    automatic_updates,
    dependency_vulnerabilities,
    maintenance_window,
    reboot_safety,
    security_updates,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication import (
    device_api_keys,
    key_rotation,
    local_passwords,
    network_trust,
    ssh_authentication,
    ssh_keys,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.two_factor import (
    local_credentials,
    single_sign_on,
    ssh_two_factor,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.web_security import web_headers
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Control

CATALOGUE: dict[str, Control] = {
    control.name: control
    for control in (
        listening_services.CONTROL,
        unused_sshd.CONTROL,
        database_exposure.CONTROL,
        admin_interfaces.CONTROL,
        host_firewall.CONTROL,
        ssh_pivoting.CONTROL,
        ssh_authentication.CONTROL,
        key_rotation.CONTROL,
        device_api_keys.CONTROL,
        local_passwords.CONTROL,
        network_trust.CONTROL,
        ssh_keys.CONTROL,
        ssh_two_factor.CONTROL,
        single_sign_on.CONTROL,
        local_credentials.CONTROL,
        automatic_updates.CONTROL,
        maintenance_window.CONTROL,
        security_updates.CONTROL,
        reboot_safety.CONTROL,
        dependency_vulnerabilities.CONTROL,
        service_tls.CONTROL,
        cleartext_protocols.CONTROL,
        cleartext_upstreams.CONTROL,
        certificates.CONTROL,
        credential_files.CONTROL,
        web_headers.CONTROL,
        disk_encryption.CONTROL,
    )
}
