# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts import only what they use: all controls on a plain Debian, and what they must not have needed for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

#: Run by an interpreter of its own, for which nobody else has imported anything.
SCRIPT = """
import contextlib, json, sys
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
before = set(sys.modules)
from ansible_collections.infosec.principles.plugins.module_utils._controls.catalogue import CATALOGUE
from ansible_collections.infosec.principles.plugins.module_utils._plumbing import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed
host = Host(root=sys.argv[1], runner=lambda argv, stdin, timeout: Completed(0, "", ""))
for control in CATALOGUE.values():
    with contextlib.suppress(Exception):
        list(control.assess(host, ArgumentSpecValidator(control.options).validate({}).validated_parameters))
print(json.dumps(sorted(set(sys.modules) - before)))
"""
#: Parts of other hosts, by the end of their names.
FOREIGN = (
    *("_databases.memcached", "_databases.mysql", "_databases.postgresql", "_databases.redis"),
    *("_firewall.firewalld_policy", "_firewall.ufw_foreign", "_firewall.ufw_load", "_firewall.ufw_rules"),
    *("_host.dnf", "_host.zypper", "_pending.rpm", "_updates.redhat", "_updates.suse"),
    *("_second.planning", "_sshd.admits", "_controls._closing", "_databases.binding", "_formats.boot_menus"),
    *("_certificates.pending", "_certificates.trust", "_certificates.verdicts", "_certificates.names"),
    *(f"data_protection.{name}" for name in ("_headers", "_keys", "_steps", "_strength", "_stronger", "_swap")),
    "_formats.luks",
    *("_tls.postfix", "_tls.dovecot", "_tls.slapd", "_tls.rabbitmq", "_tls.proof", "_tls.logs", "_tls.edits"),
    *("_tls.nginx", "_tls.apache", "_tls.haproxy", "_web.common", "_formats.passages", "_formats.haproxy_cfg"),
    *("_upstreams.nginx", "_upstreams.model", "_upstreams.planning", "_host.tunnels", "_host.tls_peer"),
    *("_tls.mysql", "_tls.openssl_conf", "_tls.pairs", "_tls.pg_log", "_tls.postgresql", "_tls.redis"),
    *("_tls.alone", "_tls.planning", "_tls.terms", "_tls.verdicts", "_host.tls_probe", "_formats.tls_hello"),
    *("_credentials.asking", "_credentials.readers", "_credentials.sealing", "_credentials.served"),
    *(f"_admin.{name}" for name in ("cockpit", "flags", "proof", "rabbitmq", "tomcat", "webmin")),
    *("_host.together", "_cleartext.looks", "_host.ldap_bind", "_host.nfs_exports", "_formats.rsyslog_conf"),
    *(
        f"_admin.{name}"
        for name in ("table", "find", "verdicts", "fixes", "programs", "nginx", "apache", "haproxy", "doors", "django")
    ),
    *("_formats.django_urls", "_formats.access_log", "_web.access_logs", "_web.vhosts"),
    *("_web.access_logs", "_access_logs.places", "_access_logs.model", "_formats.access_log", "_host.log_files"),
    *(
        "_web.vhosts",
        "_web.strangers",
        "_formats.observatory",
        "_formats.csp",
        "_formats.cookies",
        "_formats.front_page",
    ),
    *(f"_headers.{name}" for name in ("apache", "hsts", "looks", "nginx", "planning", "policy", "verdicts")),
    *("_formats.lockfiles.npm", "_formats.lockfiles.maven", "_host.installed.java", "_host.installed.python"),
)
#: Of Python's own, what costs more than 2 ms and is seldom worth it.
SLOW = ("asyncio", "http", "sqlite3", "ssl", "urllib.request", "uuid", "xml", "zipfile")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    root = tmp_path_factory.mktemp("debian")
    for folder in ("etc", "proc", "run/systemd/system", "var/lib/dpkg"):
        (root / folder).mkdir(parents=True)
    (root / "etc/os-release").write_text("ID=debian\nVERSION_ID=13\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(root)], env=environment, check=True, capture_output=True, text=True
    )
    found: list[str] = json.loads(done.stdout)
    assert any(name.endswith("_controls.patching.security_updates") for name in found)
    return found


@pytest.mark.parametrize("name", FOREIGN)
def test_a_plain_debian_imports_no_parts_of_other_hosts(imported: list[str], name: str) -> None:
    assert [one for one in imported if one.endswith(name)] == []


@pytest.mark.parametrize("name", SLOW)
def test_what_is_slow_to_import_is_imported_where_it_is_used(imported: list[str], name: str) -> None:
    assert name not in imported
