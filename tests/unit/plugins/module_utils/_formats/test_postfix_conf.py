# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""main.cf and master.cf."""

from __future__ import annotations

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import postfix_conf

NOTE = "# a note\n"
MASTER = (
    "# service type  private unpriv  chroot  wakeup  maxproc command + args\n"
    "smtp      inet  n       -       y       -       -       smtpd\n"
    "#submission inet n       -       y       -       -       smtpd\n"
    "submission inet n       -       y       -       -       smtpd\n"
    "  -o syslog_name=postfix/submission\n"
    "# in between\n"
    "  -o { smtpd_tls_protocols = !SSLv2, !SSLv3 }\n"
    "\n"
    "pickup    unix  n       -       y       60      1       pickup"
)


def put(text: str, **settings: str) -> str:
    return postfix_conf.put(text, settings, "tls", NOTE)


def test_a_setting_is_changed_where_it_counts() -> None:
    text = "a = 1\nmyhostname = x\na = 2\n\t3\n# a comment\n  4\nb = 5\n"
    assert put(text, a="6") == "a = 1\nmyhostname = x\na = 6\n# a comment\nb = 5\n"


def test_a_name_that_begins_alike_is_another() -> None:
    assert put("ab = 1\n", a="2").startswith("ab = 1\n# BEGIN")


def test_new_ones_go_to_a_block_of_ours() -> None:
    text = put("b = 1\n", a="2")
    assert text == "b = 1\n# BEGIN infosec.principles tls\n# a note\na = 2\n# END infosec.principles tls\n"
    assert put(text, a="2") == text
    assert put(text, a="3", c="4") == text.replace("a = 2\n", "a = 3\nc = 4\n")


def test_an_empty_value_is_written_too() -> None:
    assert "\na = \n" in put("b = 1\n", a="")


def test_services_with_their_options() -> None:
    found = {(one.name, one.kind): one for one in postfix_conf.services(MASTER)}
    assert set(found) == {("smtp", "inet"), ("submission", "inet"), ("pickup", "unix")}
    assert found[("submission", "inet")].options == {
        "syslog_name": "postfix/submission",
        "smtpd_tls_protocols": "!SSLv2, !SSLv3",
    }
    assert found[("submission", "inet")].command == "smtpd"


def test_what_postconf_prints_is_read_alike() -> None:
    (found,) = postfix_conf.services("submission inet n - y - - smtpd -o smtpd_tls_wrappermode=yes -o a=b\n")
    assert found.options == {"smtpd_tls_wrappermode": "yes", "a": "b"}


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("smtpd_tls_protocols", "-o { smtpd_tls_protocols = !SSLv2, !SSLv3 }", "-o smtpd_tls_protocols=x"),
        ("syslog_name", "-o syslog_name=postfix/submission", "-o syslog_name=x"),
    ],
)
def test_an_option_is_changed_in_its_place(name: str, old: str, new: str) -> None:
    assert postfix_conf.put_option(MASTER, "submission", "inet", name, "x") == MASTER.replace(old, new)


def test_a_new_option_goes_behind_the_others() -> None:
    old = "  -o { smtpd_tls_protocols = !SSLv2, !SSLv3 }\n"
    assert postfix_conf.put_option(MASTER, "submission", "inet", "a", "b") == MASTER.replace(old, f"{old}  -o a=b\n")


def test_the_last_service_gets_its_end() -> None:
    assert postfix_conf.put_option(MASTER, "pickup", "unix", "a", "b").endswith("pickup\n  -o a=b\n")


def test_an_unknown_service_is_an_error() -> None:
    with pytest.raises(ValueError, match="smtps"):
        postfix_conf.put_option(MASTER, "smtps", "inet", "a", "b")
