# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What doveconf prints, of 2.3 and of 2.4."""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._formats import dovecot_conf

OLD = """# 2.3.13 (89f716dc2): /etc/dovecot/dovecot.conf
protocols = " imap"
service imap-login {
  inet_listener imaps {
    port = 993
    ssl = yes
  }
}
ssl_cert = </etc/dovecot/private/dovecot.pem
local_name "imap.example.org mail.example.org" {
  ssl_cert = </etc/x.pem
}
"""
NEW = """ssl_server_cert_file =
ssl_server {
  cert_file = /etc/dovecot/private/dovecot.pem
}
namespace inbox {
  inbox = yes
}
"""


def test_blocks_within_each_other() -> None:
    whole = dovecot_conf.parse(OLD)
    (service,) = whole.named("service")
    (listener,) = service.named("inet_listener")
    assert (service.name, listener.name, listener.settings) == ("imap-login", "imaps", {"port": "993", "ssl": "yes"})
    assert whole.settings["protocols"] == " imap"
    assert [block.name for block in whole.named("local_name")] == ["imap.example.org mail.example.org"]


def test_a_setting_that_the_newer_one_prints_in_a_block() -> None:
    assert dovecot_conf.parse(NEW).flat("ssl_server_cert_file") == "/etc/dovecot/private/dovecot.pem"
    assert dovecot_conf.parse(OLD).flat("ssl_cert") == "</etc/dovecot/private/dovecot.pem"
    assert not dovecot_conf.parse(NEW).flat("ssl_server_key_file")


def test_the_last_of_two_counts() -> None:
    assert dovecot_conf.parse("ssl = yes\nssl = no\n").flat("ssl") == "no"


def test_more_ends_than_beginnings_and_depth_do_no_harm() -> None:
    assert dovecot_conf.parse("}\n}\na = 1\n").settings == {"a": "1"}
    assert dovecot_conf.parse("a {\n" * 1000 + "}\n" * 1000).named("a")


def test_lines_that_set_something() -> None:
    text = "# ssl = yes\nssl = no\nlocal x {\n  ssl_cipher_list = ALL\n}\nother = 1\n"
    assert dovecot_conf.lines_setting(text, {"ssl", "ssl_cipher_list"}) == [(2, "ssl"), (4, "ssl_cipher_list")]
