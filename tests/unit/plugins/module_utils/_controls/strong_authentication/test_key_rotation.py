# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What key_rotation says of each key: when it is due, by what, and where that is not known."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication.key_rotation import (
    CONTROL,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.tests.unit.pairs.key_rotation import (
    DEPLOY,
    HOST_KEY,
    KEY,
    PEM_KEY,
    PUBLIC,
    SITE,
    X509,
    certificate,
    files,
    nginx,
    opened,
)
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine

Found = t.Callable[..., dict[str, Finding]]


@pytest.fixture
def found(tmp_path: pathlib.Path) -> Found:
    """The findings of one rule by their subjects, on a machine that `lay` makes."""

    def find(rule: str, lay: t.Callable[[Machine], None], **options: t.Any) -> dict[str, Finding]:
        machine = Machine(tmp_path)
        lay(machine)
        validated = ArgumentSpecValidator(dict(CONTROL.options)).validate(options)
        assert not validated.error_messages
        every = CONTROL.assess(machine.host(), validated.validated_parameters)
        return {one.subject: one for one in every if one.rule.name == rule}

    return find


def test_each_finding_says_what_is_due_when(found: Found) -> None:
    keys = found("machine_keys", files(**{f"{DEPLOY}-2026-05-01": (KEY, "2026-05-01"), DEPLOY: (KEY, "2024-01-01")}))
    assert {subject: (one.status, one.due) for subject, one in keys.items()} == {
        DEPLOY: ("fail", "2025-12-31"),
        f"{DEPLOY}-2026-05-01": ("pass", "2028-04-30"),
    }
    assert keys[f"{DEPLOY}-2026-05-01"].message == "207 days old; due 2028-04-30"
    assert keys[DEPLOY].message == "1058 days old or more, 730 are allowed; due since 2025-12-31"


def test_the_time_of_a_file_is_weak_evidence_and_lets_nothing_pass(found: Found) -> None:
    (key,) = found("host_keys", files(**{HOST_KEY: (KEY, "2026-01-01")})).values()
    assert (key.status, key.due) == ("not_assessed", "2028-01-01")
    assert "so it may be due before 2028-01-01" in key.message
    assert [one.found for one in key.evidence] == [
        "2026-01-01: the time of the file alone, which copying renews: weak evidence"
    ]
    assert "ssh-keygen -c" in key.remedy


def test_a_date_that_lies_in_the_future_lets_nothing_pass(found: Found) -> None:
    for trusting in (False, True):
        keys = found("machine_keys", files(**{f"{DEPLOY}-2030-01-01": (KEY, "2026-01-01")}), trust_file_times=trusting)
        assert [one.status for one in keys.values()] == ["not_assessed"]


def test_the_day_on_which_it_is_due_it_fails(found: Found) -> None:
    for day, status in (("2024-11-24", "fail"), ("2024-11-25", "pass")):
        # The machine's day is 2026-11-24, 730 days after 2024-11-24.
        keys = found("machine_keys", files(**{f"{DEPLOY}-{day}": (KEY, "2026-01-01")}))
        assert keys[f"{DEPLOY}-{day}"].status == status


def test_keys_of_people_are_not_judged(found: Found) -> None:
    locked = (X509.parent / "ssh" / "keys-openssh-9.2p1-debian-12" / "openssh-ed25519-locked").read_bytes()
    assert found("machine_keys", files(**{DEPLOY: (KEY, "2020-01-01")}))[DEPLOY].status == "fail"
    keys = found("machine_keys", files(**{DEPLOY: (locked, "2020-01-01"), "/home/ci/key": (KEY, "2020-01-01")}))
    assert [one.status for one in keys.values()] == ["not_applicable"]


def test_links_and_pipes_in_a_home_are_left_alone(found: Found, tmp_path: pathlib.Path) -> None:
    def lay(machine: Machine) -> None:
        opened("", "2020-01-01")(machine)
        machine.path("/home/ci/.ssh/authorized_keys").unlink()
        os.mkfifo(machine.path("/home/ci/.ssh/pipe"))
        machine.write("/secret", KEY)
        machine.path("/home/ci/.ssh/link").symlink_to(machine.path("/secret"))
        os.mkfifo(machine.path("/home/ci/.ssh/authorized_keys"))

    keys = found("machine_keys", lay, automation=[{"name": "ci"}])
    assert [one.status for one in keys.values()] == ["not_applicable"]


def test_a_key_that_opens_an_account_is_named_by_its_fingerprint(found: Found) -> None:
    lines = f'# 2024-01-01\ncommand="backup 2020-01-01" {PUBLIC} deploy 2026-05-01\n'
    keys = found("machine_keys", opened(lines, "2026-06-01"), automation=[{"name": "c*"}])
    (subject,) = keys
    assert subject.startswith("ci: SHA256:")
    assert (keys[subject].status, keys[subject].due) == ("pass", "2028-04-30")
    assert keys[subject].evidence[0].source == "/home/ci/.ssh/authorized_keys:2"


def test_accounts_of_people_are_not_asked_for_their_authorized_keys(found: Found) -> None:
    lay = opened(f"{PUBLIC} me 2020-05-01\n", "2020-06-01")
    assert [one.status for one in found("machine_keys", lay).values()] == ["not_applicable"]


# TLS


def test_a_certificate_says_whose_it_is_and_until_when(found: Found) -> None:
    lay = files(**{"/etc/ssl/private/www.pem": (certificate("rsa-2048"), "2025-05-01")})
    (one,) = found("certificates", lay).values()
    assert (one.status, one.due) == ("pass", "2027-04-01")
    assert one.evidence[0].found == "www.example.org, rsa with 2048 bits, valid until 2027-05-01"


def test_an_ended_certificate_fails_also_without_time_of_warning(found: Found) -> None:
    lay = files(**{"/etc/ssl/private/www.pem": (certificate("p-256"), "2026-01-01")})
    (one,) = found("certificates", lay, expiry_days=0).values()
    assert (one.status, one.message) == ("fail", "ended on 2026-04-01")


def test_the_same_certificate_is_told_once(found: Found) -> None:
    live = "/etc/letsencrypt/live/shop"
    lay = files(
        **{
            f"{live}/cert.pem": (certificate("p-384"), "2026-01-01"),
            f"{live}/fullchain.pem": (certificate("p-384"), "2026-01-01"),
        }
    )
    assert list(found("certificates", lay)) == [f"{live}/cert.pem"]


def test_authorities_that_the_host_trusts_are_left_out(found: Found) -> None:
    root = certificate("rsa-4096-authority")
    lay = files(
        **{"/etc/ssl/certs/root.pem": (root, "2020-01-01"), "/etc/ssl/certs/ca-certificates.crt": (root, "2020-01-01")}
    )
    assert [one.status for one in found("certificates", lay).values()] == ["not_applicable"]


def test_an_authority_that_a_daemon_shows_is_judged(found: Found) -> None:
    lay = nginx(
        **{
            "/etc/nginx/sites-enabled/www": (SITE, "2025-05-01"),
            "/srv/tls/www.crt": (certificate("rsa-4096-authority"), "2025-05-01"),
        }
    )
    assert list(found("certificates", lay)) == ["/srv/tls/www.crt"]


def test_configurations_of_what_does_not_run_are_not_read(found: Found) -> None:
    lay = files(
        **{
            "/etc/nginx/sites-enabled/www": (SITE, "2025-05-01"),
            "/srv/tls/www.crt": (certificate("rsa-2048"), "2025-05-01"),
        }
    )
    assert [one.status for one in found("certificates", lay).values()] == ["not_applicable"]


def test_commented_lines_name_nothing(found: Found) -> None:
    lay = nginx(
        **{
            "/etc/nginx/sites-enabled/www": (f"# {SITE.splitlines()[2].strip()}\n", "2025-05-01"),
            "/srv/tls/www.crt": (certificate("rsa-2048"), "2025-05-01"),
        }
    )
    assert [one.status for one in found("certificates", lay).values()] == ["not_applicable"]


@pytest.mark.parametrize(("written", "status"), [("2025-05-01", "not_assessed"), ("2022-05-01", "fail")])
def test_a_certificate_lets_no_key_pass_since_an_old_one_may_be_certified_anew(
    found: Found, written: str, status: str
) -> None:
    lay = files(
        **{
            "/etc/ssl/certs/www.pem": (certificate("rsa-2048"), "2026-05-01"),
            "/etc/ssl/private/www.key": (PEM_KEY, written),
        }
    )
    (key,) = found("tls_keys", lay).values()
    assert (key.subject, key.status) == ("/etc/ssl/private/www.key", status)


def test_a_certificate_that_began_long_ago_makes_a_copied_key_fail(found: Found) -> None:
    lay = files(
        **{
            "/etc/ssl/certs/old.pem": (certificate("p-384"), "2026-05-01"),
            "/etc/ssl/private/old.key": (PEM_KEY, "2026-05-01"),
        }
    )
    (key,) = found("tls_keys", lay, trust_file_times=True).values()
    assert (key.status, key.evidence[0].source) == ("fail", "/etc/ssl/certs/old.pem")


@pytest.mark.parametrize(
    ("written", "renewal", "status"),
    [
        ("2026-01-01", "[renewalparams]\n", "pass"),
        ("2026-01-01", "[renewalparams]\nreuse_key = True\n", "not_assessed"),
        ("2026-01-01", "", "not_assessed"),
        ("2026-01-20", "[renewalparams]\n", "not_assessed"),
    ],
)
def test_certbot_makes_a_new_key_with_each_certificate(found: Found, written: str, renewal: str, status: str) -> None:
    live = "/etc/letsencrypt/live/shop"
    lay = files(
        **{
            f"{live}/cert.pem": (certificate("ed25519"), "2026-01-01"),
            f"{live}/privkey.pem": (PEM_KEY, written),
            "/etc/letsencrypt/renewal/shop.conf": (renewal, "2026-01-01"),
        }
    )
    (key,) = found("tls_keys", lay).values()
    assert (key.status, key.due) == (status, "2028-01-01")


# APIs


@pytest.mark.parametrize("created", ["2026-13-01", "yesterday", "2027-01-01", ""])
def test_a_day_that_is_none_lets_nothing_pass(found: Found, created: str) -> None:
    (key,) = found("api_keys", files(), api_keys=[{"name": "pay", "created": created}]).values()
    assert key.status == "not_assessed"


def test_a_declared_key_names_its_owner(found: Found) -> None:
    keys = found("api_keys", files(), api_keys=[{"name": "pay", "created": "2026-01-01", "owner": "shop team"}])
    assert keys["pay"].message == "327 days old, 90 are allowed; due since 2026-04-01; ask shop team"
