# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""api_keys: what a secret is, what only looks like one, and what is told of it. All secrets were made up."""

from __future__ import annotations

import base64
import datetime
import json
import random
import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._formats import api_keys
from ansible_collections.infosec.principles.plugins.module_utils._formats.api_keys import Secret

TOKEN = "q7RtYb4LpZx8WcN1uJd5GfAo3TiE6HvB"
THEN = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


def values(recogniser: api_keys.Recogniser, text: str) -> list[str]:
    return [secret.value for secret in recogniser(text)]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "${NPM_TOKEN}",
        "$TOKEN",
        "$(pass show x)",
        "<your token>",
        "{{ vault_token }}",
        "{encrypted}",
        "changeme",
        "CHANGE_ME",
        "change-this-now",
        "your-token",
        "YOUR_API_KEY",
        "my_secret",
        "xxxxxxxx",
        "********",
        "...",
        "none",
        "null",
        "true",
        "TODO",
        "placeholder",
        "op://vault/item/field",
        "ENC[AES256,x]",
        "%TOKEN%",
        "%(token)s",
        "a\x00b",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        "insert_your_key_here",
        "vault:kv/x#y",
        "replace me with a token",
    ],
)
def test_placeholders_are_no_secrets(value: str) -> None:
    assert api_keys.is_placeholder(value)


@pytest.mark.parametrize(
    "value", [TOKEN, "hunter2", "xoxb-1-2-abc", "mysql4ever", "npm_abc", "youth-club-99", "s3cr$t"]
)
def test_secrets_are_no_placeholders(value: str) -> None:
    assert not api_keys.is_placeholder(value)


@pytest.mark.parametrize(
    "value", ["correct horse battery", "Summer2026!", "a" * 64, "abcabcabc" * 5, "hunter2hunter2hunter2"]
)
def test_what_could_be_guessed_has_no_digest(value: str) -> None:
    assert Secret("x", value).digest == ""


def test_a_digest_is_the_same_everywhere_and_short() -> None:
    assert Secret("x", TOKEN).digest == Secret("y", TOKEN).digest
    assert len(Secret("x", TOKEN).digest) == 16
    assert Secret("password", TOKEN, token=False).digest == ""


def test_a_value_is_not_in_its_representation() -> None:
    assert TOKEN not in repr(Secret("x", TOKEN))


INI = f"""\
# aws_secret_access_key = commented
[default]
aws_access_key_id = AKIA
aws_secret_access_key = {TOKEN}
[temporary]
aws_secret_access_key={TOKEN}2
aws_session_token = {TOKEN}3
x_security_token_expires = 2026-01-02T03:04:05Z
"""


def test_ini_with_what_expires() -> None:
    found = list(api_keys.fields("aws_secret_access_key|aws_session_token", temporary="aws_session_token")(INI))
    assert [secret.value for secret in found] == [TOKEN, f"{TOKEN}2", f"{TOKEN}3"]
    assert [secret.expires for secret in found] == [None, THEN, THEN]
    assert [secret.temporary for secret in found] == [False, True, True]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (f"//registry.example.org/:_authToken={TOKEN}", TOKEN),
        (f"_authToken = '{TOKEN}'", TOKEN),
        ("//registry.npmjs.org/:_authToken=${NPM_TOKEN}", None),
        ("always-auth=true", None),
        (f"; _authToken={TOKEN}", None),
    ],
)
def test_npmrc(line: str, value: str | None) -> None:
    assert values(api_keys.fields("_authToken", "_auth|_password"), line) == ([value] if value else [])


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (f"    token: {TOKEN}", TOKEN),
        (f'  - token: "{TOKEN}" # a comment', TOKEN),
        (f"token: !!null {TOKEN}", TOKEN),
        ("token: !!null", None),
        ("token:", None),
        ("tokenFile: /var/run/token", None),
    ],
)
def test_yaml(line: str, value: str | None) -> None:
    assert values(api_keys.fields("token", separator=": "), f"a: b\n{line}\n") == ([value] if value else [])


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (f"export STRIPE_SECRET_KEY={TOKEN}", TOKEN),
        (f"DB_PASSWORD='{TOKEN}'", TOKEN),
        ("DATABASE_URL=postgres://app:correct-horse@db/app", "correct-horse"),
        ("AWS_ACCESS_KEY_ID=AKIA3XQ7ZC5VDUMMY7QA", None),
        ("GOOGLE_TOKEN_FILE=/run/secrets/x", None),
        ("SECRET_PATH=./secrets/one", None),
        ("JWT_PUBLIC_KEY=MIIBIjANBgkqhkiG9w0", None),
        ("TOKEN_TTL=360000000", None),
        ("API_TOKEN=short", None),
        ("PWD=/home/ann/somewhere", None),
        ("PASSWORD_HASH_ALGORITHM=argon2idargon2id", None),
        ("DB_PASSWORD=${DB_PASSWORD}", None),
        ("COMPASS_HEADING=northnorthwest", None),
        ("API_TOKEN=changeme", None),
    ],
)
def test_environment_files(line: str, value: str | None) -> None:
    assert values(api_keys.environment, f"PORT=80\n{line}\n") == ([value] if value else [])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            'machine a login b password hunter2\nmachine c\n\tlogin d\n\tpassword\n\t"two words"\n',
            ["hunter2", "two words"],
        ),
        ("# password hunter2\nmachine a login password\n", []),
        ("default login anonymous password\n", []),
    ],
)
def test_netrc(text: str, found: list[str]) -> None:
    assert values(api_keys.netrc, text) == found


def test_urls() -> None:
    text = f"https://ann:ghp_{TOKEN}@github.com\nhttps://bob@example.org\nhttps://eve:hunter2@example.org/a@b:c\n"
    found = list(api_keys.urls(text))
    assert [(secret.value, secret.token) for secret in found] == [(f"ghp_{TOKEN}", True), ("hunter2", False)]


def test_whole_files() -> None:
    assert values(api_keys.whole, f"{TOKEN}\n") == [TOKEN]
    for text in ("", "two words here\n", "x" * 5000, "\0" * 20, "short"):
        assert not values(api_keys.whole, text)


def test_maven() -> None:
    text = f"<server><password> {TOKEN} </password><passphrase>{{COQLCE6DU6=}}</passphrase></server>"
    assert values(api_keys.xml, text) == [TOKEN]


def test_json_within_a_database() -> None:
    text = f'SQLite format 3\0\1{{"client_id": "x", "refresh_token": "{TOKEN}", "type": "authorized_user"}}'
    assert values(api_keys.refresh_tokens, text) == [TOKEN]


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ({"auths": {"registry": {"auth": "YW5uOnB3LW9mLWFubg=="}}}, ["YW5uOnB3LW9mLWFubg=="]),
        ({"auths": {"registry": {}}, "credsStore": "pass"}, []),
        ({"credHelpers": {"registry": "ecr-login"}, "auths": {}}, []),
        ([{"auth": {"auth": "YW5uOnB3LW9mLWFubg=="}}], ["YW5uOnB3LW9mLWFubg=="]),
        ({"auth": 7}, []),
    ],
)
def test_json(document: t.Any, found: list[str]) -> None:
    assert values(api_keys.members("identitytoken", "auth", where='"auth'), json.dumps(document)) == found


@pytest.mark.parametrize(
    "moment", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05UTC", "2026-01-02 03:04:05.000000", 1767323045]
)
@pytest.mark.parametrize("name", ["expiresAt", "Expiration", "expires_on", "expiry", "expiresOn"])
def test_when_json_expires(name: str, moment: t.Any) -> None:
    (secret,) = api_keys.members("accessToken")(json.dumps({"accessToken": TOKEN, name: moment}))
    assert secret.expires == THEN


def test_when_a_web_token_expires() -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": 1767323045}).encode()).decode().rstrip("=")
    (secret,) = api_keys.fields("token", separator=": ")(f"token: eyJhbGciOiJub25lIn0.{claims}.x")
    assert secret.expires == THEN
    for broken in ("eyJ.!!!.x", "eyJ.bm8.x", "eyJ.W10.x"):
        (secret,) = api_keys.fields("token", separator=": ")(f"token: {broken}")
        assert secret.expires is None


RECOGNISERS = (
    api_keys.environment,
    api_keys.netrc,
    api_keys.urls,
    api_keys.whole,
    api_keys.xml,
    api_keys.refresh_tokens,
    api_keys.members("auth"),
    api_keys.fields(".*", separator=": "),
)


#: What makes a careless expression go over the same text again and again.
TIRESOME = (
    "\0",
    "[",
    '{"a":',
    "=",
    "a",
    "'\"",
    " ",
    "a=b ",
    'password "',
    "password ",
    "a://b:",
    "<password>",
    "SECRET_",
)
TIRESOME += ('"refresh_token":"', "a.", "#", "\n", "TOKEN_A!", "$", "%(", "x:y ", "\t#")


@pytest.mark.parametrize("recogniser", RECOGNISERS)
def test_garbage_harms_nobody(recogniser: api_keys.Recogniser) -> None:
    garbage = random.Random(1).randbytes(100_000).decode("utf-8", "replace")
    started = time.process_time()
    for text in (garbage, *(piece * (500_000 // len(piece)) for piece in TIRESOME)):
        assert all(
            secret.name and api_keys._NAME.fullmatch(secret.name.replace(" ", "")) for secret in recogniser(text)
        )
    assert time.process_time() - started < 30


def test_a_json_file_of_many_values_comes_to_an_end() -> None:
    wide = json.dumps([[{"auth": TOKEN}] * 10] * 20_000)
    assert len(list(api_keys.members("auth")(wide))) <= api_keys._MAX_NODES
