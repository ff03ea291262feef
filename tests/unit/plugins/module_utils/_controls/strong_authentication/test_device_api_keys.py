# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""device_api_keys: every kind of file is found, no secret comes along, and no home harms the run. All keys are made up."""

from __future__ import annotations

import datetime
import json
import os
import pathlib
import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication import device_api_keys
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._api_keys import (
    places,
    search,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import to_wire
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.modes import SetMode
from ansible_collections.infosec.principles.plugins.module_utils._formats import api_keys
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, Host

NOW = datetime.datetime(2026, 11, 24, 12, 0, tzinfo=datetime.timezone.utc)
OPTIONS: dict[str, t.Any] = {"physically_secure": "false", "scan_depth": 4, "scan_files": 50000}
#: What must not be in anything that leaves the host.
TOKEN, PASSWORD = "q7RtYb4LpZx8WcN1uJd5GfAo3TiE6HvB", "correct-horse-41"
BOTH = f"token {TOKEN} {PASSWORD}"


def tree(value: t.Any) -> str:
    return json.dumps(value)


#: A file of each kind, as its client writes it.
FILES = {
    ".aws/credentials": f"[default]\naws_access_key_id = AKIA\naws_secret_access_key = {TOKEN}\n",
    ".aws/config": f"[profile x]\nregion = eu-west-1\naws_secret_access_key={TOKEN}\n",
    ".aws/sso/cache/1f.json": tree({"accessToken": TOKEN, "expiresAt": "2030-01-01T00:00:00Z"}),
    ".aws/cli/cache/2e.json": tree({"Credentials": {"SecretAccessKey": TOKEN, "Expiration": "2030-01-01T00:00:00Z"}}),
    ".boto": f"[Credentials]\ngs_oauth2_refresh_token = {TOKEN}\n",
    ".s3cfg": f"[default]\nsecret_key = {TOKEN}\n",
    ".config/gcloud/application_default_credentials.json": tree({"refresh_token": TOKEN, "type": "authorized_user"}),
    ".config/gcloud/legacy_credentials/ann@example.org/adc.json": tree({"refresh_token": TOKEN}),
    ".config/gcloud/credentials.db": f'SQLite format 3\0\7{{"refresh_token": "{TOKEN}"}}\0',
    "work/sa.json": tree({"type": "service_account", "private_key": f"-----BEGIN PRIVATE KEY-----\n{TOKEN}\n"}),
    ".azure/accessTokens.json": tree([{"refreshToken": TOKEN, "expiresOn": "2030-01-01 00:00:00.000000"}]),
    ".azure/msal_token_cache.json": tree({"RefreshToken": {"k": {"secret": TOKEN}}}),
    ".azure/service_principal_entries.json": tree([{"client_id": "x", "client_secret": TOKEN}]),
    ".kube/config": f"users:\n- name: ann\n  user:\n    token: {TOKEN}\n    password: {PASSWORD}\n",
    ".kube/clusters/one.yaml": f"    client-key-data: {TOKEN}\n",
    ".npmrc": f"//registry.npmjs.org/:_authToken={TOKEN}\n//r/:_password={PASSWORD}\n",
    "work/app/.npmrc": f"_auth={PASSWORD}\n",
    "work/app/.yarnrc.yml": f'npmAuthToken: "{TOKEN}"\n',
    ".pypirc": f"[pypi]\nusername = __token__\npassword = {PASSWORD}\n",
    ".config/pypoetry/auth.toml": f'[pypi-token]\npypi-token = "{TOKEN}"\n',
    ".config/pip/pip.conf": f"[global]\nindex-url = https://ann:{PASSWORD}@pypi.example.org/simple\n",
    ".pip/pip.conf": f"[global]\nindex-url = https://ann:{PASSWORD}@pypi.example.org/simple\n",
    ".netrc": f"machine api.example.org login ann password {PASSWORD}\n",
    "_netrc": f"machine api.example.org login ann password {PASSWORD}\n",
    ".git-credentials": f"https://ann:ghp_{TOKEN}@github.com\n",
    ".config/git/credentials": f"https://ann:{PASSWORD}@example.org\n",
    ".docker/config.json": tree({"auths": {"registry.example.org": {"auth": PASSWORD}}}),
    ".dockercfg": tree({"registry.example.org": {"auth": PASSWORD}}),
    ".config/containers/auth.json": tree({"auths": {"registry.example.org": {"identitytoken": TOKEN, "auth": "eHg6"}}}),
    ".config/helm/registry/config.json": tree({"auths": {"registry.example.org": {"auth": PASSWORD}}}),
    ".config/helm/repositories.yaml": f"repositories:\n- name: x\n  password: {PASSWORD}\n",
    ".config/gh/hosts.yml": f"github.com:\n    oauth_token: {TOKEN}\n",
    ".config/hub": f"github.com:\n- user: ann\n  oauth_token: {TOKEN}\n",
    ".config/glab-cli/config.yml": f"hosts:\n    gitlab.com:\n        token: !!null {TOKEN}\n",
    ".terraformrc": f'credentials "app.terraform.io" {{\n  token = "{TOKEN}"\n}}\n',
    ".terraform.d/credentials.tfrc.json": tree({"credentials": {"app.terraform.io": {"token": TOKEN}}}),
    ".vault-token": f"{TOKEN}\n",
    ".config/rclone/rclone.conf": f"[s3]\nsecret_access_key = {TOKEN}\npass = {PASSWORD}\n",
    ".config/openstack/clouds.yaml": f"clouds:\n  x:\n    auth:\n      password: {PASSWORD}\n",
    ".cargo/credentials.toml": f'[registry]\ntoken = "{TOKEN}"\n',
    ".gem/credentials": f"---\n:rubygems_api_key: {TOKEN}\n",
    ".local/share/gem/credentials": f"---\n:rubygems_api_key: {TOKEN}\n",
    ".config/composer/auth.json": tree({"github-oauth": {"github.com": TOKEN}}),
    ".m2/settings.xml": f"<settings><servers><server><password>{PASSWORD}</password></server></servers></settings>",
    ".cache/huggingface/token": TOKEN,
    ".config/doctl/config.yaml": f"access-token: {TOKEN}\n",
    ".config/hcloud/cli.toml": f'[[contexts]]\n  token = "{TOKEN}"\n',
    "work/app/.env": f"export API_TOKEN={TOKEN}\nDB_PASSWORD={PASSWORD}\n",
    "work/app/production.env": f"DATABASE_URL=postgres://app:{PASSWORD}@db/app\n",
}
#: Files of the same places that hold none.
CLEAN = {
    ".aws/config": "[default]\nregion = eu-west-1\nsso_session = work\n",
    ".aws/sso/cache/1f.json": tree({"accessToken": TOKEN, "expiresAt": "2026-11-01T00:00:00Z"}),
    ".azure/azureProfile.json": tree({"subscriptions": [{"id": TOKEN, "tenantId": "x"}]}),
    ".docker/config.json": tree({"auths": {"registry": {}}, "credsStore": "secretservice"}),
    ".kube/config": "users:\n- user:\n    exec:\n      command: aws\n    client-key: /home/ann/key.pem\n",
    ".npmrc": "//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n",
    ".config/gh/hosts.yml": "github.com:\n    user: ann\n",
    ".m2/settings.xml": "<password>{COQLCE6DU6GtcS5P=}</password>",
    ".env": f"API_TOKEN=changeme\nAWS_ACCESS_KEY_ID={TOKEN}\n",
    ".env.example": f"API_TOKEN={TOKEN}\n",
    "package.json": tree({"private_key": TOKEN}),
    "notes.txt": BOTH,
}


class Ground:
    """A machine with ann's home; everybody may pass through its folders."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root
        self.home = root / "home/ann"
        self.home.mkdir(parents=True)
        self.write("../../etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n")
        self.write("../../etc/group", "root:x:0:ann\n")

    def write(self, name: str, text: str | bytes, mode: int = 0o600) -> pathlib.Path:
        path = pathlib.Path(os.path.normpath(self.home / name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(mode)
        return path

    def assess(self, **options: t.Any) -> list[Finding]:
        host = Host(root=str(self.root), runner=lambda argv, stdin, timeout: Completed(127, "", ""), now=NOW)
        return list(device_api_keys.assess(host, {**OPTIONS, **options}))

    def of(self, rule: str, **options: t.Any) -> list[Finding]:
        return [finding for finding in self.assess(**options) if finding.rule.name == rule]

    def failing(self, rule: str = "present", **options: t.Any) -> list[str]:
        found = [finding for finding in self.of(rule, **options) if finding.status == f.FAIL]
        return [finding.subject.removeprefix("/home/ann/") for finding in found]


@pytest.fixture
def ground(tmp_path: pathlib.Path) -> Ground:
    return Ground(tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_each_kind_is_found(ground: Ground, name: str) -> None:
    ground.write(name, FILES[name])
    assert ground.failing() == [name]


def test_every_place_has_its_file() -> None:
    """Each line of the table is tried above."""
    for place in places.PLACES:
        names = [name for name in FILES if place.means(os.path.basename(name))]
        own = [name for name in names if place.folder is None or os.path.dirname(name).startswith(place.folder)]
        assert any(list(place.recognise(FILES[name])) for name in own), place.kind


@pytest.mark.parametrize("name", CLEAN)
def test_what_holds_none_passes(ground: Ground, name: str) -> None:
    ground.write(name, CLEAN[name])
    assert [(one.rule.name, one.status) for one in ground.assess()] == [("present", f.PASS), ("readable", f.PASS)]


@pytest.mark.parametrize("secure", ["true", "false", "auto"])
def test_no_secret_leaves_the_host(ground: Ground, secure: str) -> None:
    for name, text in FILES.items():
        ground.write(name, text, mode=0o666)
    findings = ground.assess(physically_secure=secure)
    assert len([one for one in findings if one.rule.name == "readable"]) > len(FILES) - 5
    wire = json.dumps([to_wire(device_api_keys.CONTROL, finding) for finding in findings])
    for secret in (TOKEN, PASSWORD, TOKEN[4:20], PASSWORD[:8]):
        assert secret not in wire


def test_what_is_told(ground: Ground) -> None:
    path = ground.write(".aws/credentials", FILES[".aws/credentials"])
    then = (NOW - datetime.timedelta(days=400)).timestamp()
    os.utime(path, (then, then))
    (finding,) = [one for one in ground.of("present") if one.status == f.FAIL]
    told = finding.evidence[0].found
    assert told.startswith("AWS: aws_secret_access_key; last written 400 days ago, of ")
    assert told.endswith("mode 0600")
    (print_,) = finding.fingerprints
    assert (print_.kind, print_.holder) == ("api_key", "ann: /home/ann/.aws/credentials:1")
    assert print_.value == api_keys.Secret("", TOKEN).digest
    assert not finding.fix and "aws sso login" in finding.remedy


def test_passwords_leave_no_digest(ground: Ground) -> None:
    ground.write(".netrc", FILES[".netrc"])
    assert ground.of("present")[0].fingerprints == ()


# Whether the machine can be carried away


def test_a_secure_machine_may_hold_keys(ground: Ground) -> None:
    ground.write(".vault-token", TOKEN)
    (finding,) = ground.of("present", physically_secure="true")
    assert finding.status == f.NOT_APPLICABLE
    assert [one.value for one in finding.fingerprints] == [api_keys.Secret("", TOKEN).digest]


def test_keys_of_one_file_are_told_apart_and_each_once(ground: Ground) -> None:
    text = f"[a]\naws_secret_access_key={TOKEN}\n[b]\naws_secret_access_key={TOKEN[::-1]}\n[c]\naws_secret_access_key={TOKEN}\n"
    ground.write(".aws/credentials", text)
    holders = [one.holder.rpartition(":")[2] for one in ground.of("present")[0].fingerprints]
    assert sorted(holders) == ["1", "2"]


def test_an_unknown_machine_is_no_pass(ground: Ground) -> None:
    assert [one.status for one in ground.of("present", physically_secure="auto")] == [f.PASS]
    ground.write(".vault-token", TOKEN)
    (finding,) = ground.of("present", physically_secure="auto")
    assert finding.status == f.NOT_ASSESSED
    assert "strong_authentication_physically_secure" in finding.message
    assert finding.evidence[1].source == "/home/ann/.vault-token"


# What ends


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"[a]\naws_secret_access_key={TOKEN}\naws_session_token={TOKEN}\n", []),
        (
            f"[a]\naws_secret_access_key={TOKEN}\naws_session_token={TOKEN}\n[b]\naws_secret_access_key={TOKEN}\n",
            ["present"],
        ),
        (f"[a]\naws_secret_access_key={TOKEN}\nexpiration=2026-11-24T18:00:00+00:00\n", []),
        (f"[a]\naws_secret_access_key={TOKEN}\nexpiration=2026-12-24T18:00:00+00:00\n", ["present"]),
    ],
)
def test_keys_that_soon_end_are_what_is_to_be_used(ground: Ground, text: str, found: list[str]) -> None:
    ground.write(".aws/credentials", text)
    assert [one.rule.name for one in ground.assess() if one.status == f.FAIL] == found


def test_they_count_as_long_as_they_are_valid(ground: Ground) -> None:
    ground.write(".aws/credentials", f"[a]\naws_session_token={TOKEN}\n", mode=0o644)
    assert ground.failing("present") == []
    assert ground.failing("readable") == [".aws/credentials"]


# Modes


@pytest.mark.parametrize(
    ("mode", "folder", "after"),
    [
        (0o644, 0o755, 0o600),
        (0o666, 0o755, 0o600),
        (0o604, 0o711, 0o600),
        (0o602, 0o755, 0o600),
        (0o600, 0o755, None),
        (0o700, 0o755, None),
        (0o644, 0o700, None),
    ],
)
def test_who_may_read_it(ground: Ground, mode: int, folder: int, after: int | None) -> None:
    ground.write(".aws/credentials", FILES[".aws/credentials"], mode=mode).parent.chmod(folder)
    (finding,) = ground.of("readable", physically_secure="true")
    assert [change.after for change in finding.fix if isinstance(change, SetMode)] == ([after] if after else [])
    assert finding.status == (f.FAIL if after else f.PASS)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives files to others, which root alone may")
@pytest.mark.parametrize(
    ("group", "mode", "after"),
    [
        ("ann:x:1000:", 0o660, None),
        ("ann:x:1000:bob", 0o640, 0o600),
        ("web:x:33:www", 0o640, None),
        ("web:x:33:www", 0o660, 0o640),
        ("web:x:33:www", 0o644, 0o640),
    ],
)
def test_a_group_that_was_meant_keeps_reading(ground: Ground, group: str, mode: int, after: int | None) -> None:
    ground.write("../../etc/group", f"{group}\n")
    path = ground.write(".vault-token", TOKEN, mode=mode)
    os.chown(path, 1000, int(group.split(":")[2]))
    (finding,) = ground.of("readable")
    assert [change.after for change in finding.fix if isinstance(change, SetMode)] == ([after] if after else [])


def test_what_another_program_may_need_is_left_to_a_person(ground: Ground) -> None:
    ground.write("app/.env", FILES["work/app/.env"], mode=0o644)
    (finding,) = ground.of("readable")
    assert (finding.status, finding.fix) == (f.FAIL, ())
    assert "left to a person" in finding.message


# Hostile homes


def test_links_and_fifos_are_not_opened(ground: Ground) -> None:
    secret = ground.write("../../srv/precious", TOKEN)
    for name in (".aws", ".config/gh"):
        (ground.home / name).mkdir(parents=True)
    os.mkfifo(ground.home / ".aws/credentials")
    os.mkfifo(ground.home / ".netrc")
    (ground.home / ".vault-token").symlink_to(secret)
    (ground.home / ".docker").symlink_to(secret.parent)
    (ground.home / ".kube").symlink_to("/dev")
    (ground.home / "app.env").symlink_to("/dev/zero")
    assert [one.status for one in ground.assess()] == [f.PASS, f.PASS]


def test_a_file_that_becomes_a_link_is_not_read(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = ground.write("../../srv/precious", TOKEN)
    token = ground.write(".vault-token", "x")
    real = search._read

    def swap(*arguments: t.Any) -> t.Any:
        token.unlink()
        token.symlink_to(secret)
        return real(*arguments)

    monkeypatch.setattr(search, "_read", swap)
    assert ground.failing() == []


def test_huge_sparse_files_are_not_read(ground: Ground) -> None:
    for name in (".netrc", "work/.env", ".kube/config"):
        path = ground.write(name, "")
        os.truncate(path, 1 << 30)
    started = time.monotonic()
    findings = ground.assess()
    assert time.monotonic() - started < 2
    assert {finding.status for finding in findings} == {f.NOT_ASSESSED}
    assert "larger than 1 MiB" in findings[0].message


def test_large_json_is_no_key_of_a_service_account(ground: Ground) -> None:
    ground.write("data/big.json", tree(["x" * 100] * 20_000))
    assert [one.status for one in ground.assess()] == [f.PASS, f.PASS]


def test_a_multitude_of_files_hides_nothing_that_has_a_place(ground: Ground) -> None:
    ground.write(".netrc", FILES[".netrc"])
    ground.write(".aws/credentials", FILES[".aws/credentials"])
    for number in range(20_000):
        os.close(os.open(ground.home / f".{number:06}.env", os.O_CREAT | os.O_WRONLY, 0o600))
    started = time.monotonic()
    findings = ground.of("present", scan_files=10_000)
    assert time.monotonic() - started < search.SECONDS + 3
    assert [one.subject for one in findings if one.status == f.FAIL] == [
        "/home/ann/.aws/credentials",
        "/home/ann/.netrc",
    ]
    assert "too many files" in findings[-1].message and findings[-1].status == f.NOT_ASSESSED


@pytest.mark.parametrize(
    "text", [os.urandom(50_000), b"[" * 200_000, b'{"auth":' * 100_000, b"\xff\xfe" * 1000, b"\0" * 9]
)
def test_garbage_in_every_place_is_no_finding_and_no_harm(ground: Ground, text: bytes) -> None:
    for name in FILES:
        ground.write(name, text)
    assert {finding.status for finding in ground.assess()} <= {f.PASS, f.FAIL}


def test_hostile_names_are_made_printable(ground: Ground) -> None:
    ground.write("a\nb\u202e/.env", FILES["work/app/.env"], mode=0o644)
    for finding in ground.assess():
        assert finding.subject == "/home/ann/a\\x0ab\\u202e/.env"
        assert finding.fix == ()


def test_a_home_without_time_is_no_pass(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "SECONDS", -1.0)
    ground.write(".netrc", FILES[".netrc"])
    assert {finding.status for finding in ground.assess()} == {f.NOT_ASSESSED}


def test_no_more_than_a_report_can_hold(ground: Ground) -> None:
    for number in range(device_api_keys.MAX_FINDINGS + 5):
        ground.write(f"a{number}/.env", FILES["work/app/.env"])
    findings = ground.of("present")
    assert len(findings) == device_api_keys.MAX_FINDINGS + 1
    assert "5 more files are not listed" in findings[-1].message
