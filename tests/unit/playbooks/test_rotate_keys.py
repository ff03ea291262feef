# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook rotate_keys as far as this machine alone goes: faults, what is not due, and the keys of an API that is really there.

The API is a server on the loopback; the hook is the one of the documentation (docs/examples/api_key_hook).
"""

from __future__ import annotations

import datetime
import http.server
import json
import pathlib
import shutil
import threading
import typing as t

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.infosec.principles.tests.unit.playbooks.test_playbooks import play

HOOK = pathlib.Path(__file__).resolve().parents[3] / "docs" / "examples" / "api_key_hook"
INVENTORY = "[all]\nlocalhost ansible_connection=local\n"
PASSWORD = "a password of the vault"
TODAY = datetime.datetime.now(datetime.timezone.utc).date()
OLD = str(TODAY - datetime.timedelta(days=100))

Rotate = t.Callable[..., tuple[int, str]]


class Api(http.server.ThreadingHTTPServer):
    """Keys by their id; who has one may ask who he is, make another and revoke any. fails: requests that break."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.keys = {"k1": "secret-1"}
        self.number = 1
        self.fails: set[str] = set()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Api

    def _answer(self, status: int, said: t.Any = None) -> None:
        body = b"" if status == 204 else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _caller(self) -> str:
        """The id of the key that the request has; "" after saying no."""
        secret = self.headers.get("Authorization", "").partition("Bearer ")[2]
        known = [name for name, value in {**self.server.keys, "admin": "secret-admin"}.items() if value == secret]
        if f"{self.command} {self.path}" in self.server.fails:
            self._answer(500, {})
        elif not known:
            self._answer(401, {})
        else:
            return known[0]
        return ""

    def do_GET(self) -> None:
        caller = self._caller()
        if caller:
            self._answer(200, {"key": caller} if self.path == "/whoami" else {"keys": sorted(self.server.keys)})

    def do_POST(self) -> None:
        if self._caller():
            self.server.number += 1
            name = f"k{self.server.number}"
            self.server.keys[name] = f"secret-{self.server.number}"
            self._answer(201, {"id": name, "secret": self.server.keys[name]})

    def do_DELETE(self) -> None:
        if self._caller():
            self._answer(204 if self.server.keys.pop(self.path.rpartition("/")[2], None) else 404)

    def log_message(self, *arguments: t.Any) -> None:
        """Nothing: the playbook's own output is what is looked at."""


@pytest.fixture
def api() -> t.Iterator[Api]:
    with Api() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def vault() -> VaultLib:
    return VaultLib([("default", VaultSecret(PASSWORD.encode()))])


def store(folder: pathlib.Path, key: dict[str, t.Any]) -> None:
    text = yaml.safe_dump({"billing_api_key": key})
    (folder / "keys.yml").write_bytes(vault().encrypt(text))


def stored(folder: pathlib.Path) -> dict[str, t.Any]:
    data = (folder / "keys.yml").read_bytes()
    assert data.startswith(b"$ANSIBLE_VAULT;") and b"secret" not in data
    found: dict[str, t.Any] = yaml.safe_load(vault().decrypt(data))["billing_api_key"]
    return found


@pytest.fixture
def rotate(tmp_path: pathlib.Path, api: Api) -> Rotate:
    """Run the playbook with one hook; a stored key that is 100 days old, and the program that uses it."""
    (tmp_path / "hosts").write_text(INVENTORY, encoding="utf-8")
    (tmp_path / "password").write_text(f"{PASSWORD}\n", encoding="utf-8")
    (tmp_path / "used").write_text("secret-1\n", encoding="utf-8")
    store(tmp_path, {"id": "k1", "secret": "secret-1", "created": OLD})
    hook = {
        **{"name": "billing", "hook": str(HOOK), "file": "keys.yml", "password_file": "password", "rotate_days": 90},
        **{"url": f"http://127.0.0.1:{api.server_port}", "used_from": str(tmp_path / "used")},
    }

    def run(*more: str, **variables: t.Any) -> tuple[int, str]:
        given = {"infosec_api_key_hooks": [{**hook, **variables.pop("hook", {})}], **variables}
        status, output = play(tmp_path, "rotate_keys", "--tags", "api", *more, inventory=("-i", "hosts"), **given)
        assert "secret-" not in output
        return status, output

    return run


def test_a_key_that_is_due_is_made_stored_brought_proved_and_the_old_one_revoked(
    rotate: Rotate, api: Api, tmp_path: pathlib.Path
) -> None:
    status, output = rotate("-vvv")
    assert status == 0, output
    assert api.keys == {"k2": "secret-2"}
    assert stored(tmp_path) == {"id": "k2", "secret": "secret-2", "created": str(TODAY)}
    assert (tmp_path / "used").read_text(encoding="utf-8") == "secret-2\n"
    status, output = rotate()
    assert (status, "changed=0" in output) == (0, True), output
    assert api.keys == {"k2": "secret-2"}


def test_what_is_not_due_is_left_alone_unless_told_otherwise(rotate: Rotate, api: Api, tmp_path: pathlib.Path) -> None:
    status, output = rotate(hook={"rotate_days": 101})
    assert (status, "changed=0" in output, api.keys) == (0, True, {"k1": "secret-1"}), output
    status, output = rotate(hook={"rotate_days": 101}, rotate_now=True)
    assert (status, api.keys) == (0, {"k2": "secret-2"}), output


def test_check_mode_says_what_is_due_and_does_nothing(rotate: Rotate, api: Api, tmp_path: pathlib.Path) -> None:
    before = (tmp_path / "keys.yml").read_bytes()
    status, output = rotate("--check")
    assert status == 0, output
    assert "billing is due" in output
    assert (api.keys, (tmp_path / "keys.yml").read_bytes()) == ({"k1": "secret-1"}, before)


def test_the_first_key_is_made_with_that_of_an_administrator(rotate: Rotate, api: Api, tmp_path: pathlib.Path) -> None:
    (tmp_path / "keys.yml").unlink()
    status, output = rotate(api_key_admin="secret-admin")
    assert status == 0, output
    assert stored(tmp_path)["id"] == "k2"
    assert api.keys == {"k2": "secret-2"}


@pytest.mark.parametrize(
    ("broken", "keys", "used"),
    [
        ("GET /whoami", {"k1", "k2"}, "secret-2"),
        ("DELETE /keys/k1", {"k1", "k2"}, "secret-2"),
    ],
)
def test_broken_off_anywhere_a_key_works_and_the_next_run_finishes(
    rotate: Rotate, api: Api, tmp_path: pathlib.Path, broken: str, keys: set[str], used: str
) -> None:
    api.fails = {broken}
    status, output = rotate()
    assert status != 0
    assert "Not all keys were rotated" in output and "billing: " in output
    assert set(api.keys) == keys
    assert (tmp_path / "used").read_text(encoding="utf-8").strip() == used
    assert used in api.keys.values()
    api.fails = set()
    status, output = rotate()
    assert status == 0, output
    assert api.keys == {"k2": "secret-2"}
    assert stored(tmp_path) == {"id": "k2", "secret": "secret-2", "created": str(TODAY)}


def test_what_was_made_and_not_stored_is_revoked_with_the_next(
    rotate: Rotate, api: Api, tmp_path: pathlib.Path
) -> None:
    # A run that is killed behind `make` leaves a key that only the API knows.
    api.keys["k9"] = "secret-9"
    status, output = rotate()
    assert (status, api.keys) == (0, {"k2": "secret-2"}), output


def test_a_key_that_does_not_work_does_not_cost_the_old_one(rotate: Rotate, api: Api, tmp_path: pathlib.Path) -> None:
    hook = tmp_path / "hook"
    shutil.copytree(HOOK, hook)
    (hook / "deploy.yml").write_text("[]\n", encoding="utf-8")
    status, output = rotate(hook={"hook": str(hook)})
    assert status != 0, output
    assert {"k1", "k2"} == set(api.keys)
    assert stored(tmp_path)["previous"] == {"id": "k1", "secret": "secret-1", "created": OLD}


# SSH

KEY = {"name": "deploy", "from": "controller", "key": "id_deploy", "to": ["localhost"], "as": "deploy"}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"from": "ghost"}, "infosec_machine_keys[0] (deploy).from: found 'ghost'; the inventory has no such host"),
        (
            {"to": ["ghost"]},
            "infosec_machine_keys[0] (deploy).to: found 'ghost'; the inventory has no such host or group",
        ),
        ({"keys": "x"}, "infosec_machine_keys[0] (deploy).keys: unknown key; did you mean key?"),
    ],
)
def test_faults_stop_it_before_a_host_is_touched(tmp_path: pathlib.Path, change: dict[str, t.Any], fault: str) -> None:
    (tmp_path / "hosts").write_text(INVENTORY, encoding="utf-8")
    status, output = play(tmp_path, "rotate_keys", inventory=("-i", "hosts"), infosec_machine_keys=[{**KEY, **change}])
    assert status != 0
    assert fault in " ".join(output.split())
    assert "Look at the keys" not in output


def test_nothing_declared_nothing_done(tmp_path: pathlib.Path) -> None:
    (tmp_path / "hosts").write_text(INVENTORY, encoding="utf-8")
    status, output = play(tmp_path, "rotate_keys", inventory=("-i", "hosts"))
    assert (status, "changed=0" in output) == (0, True), output


def test_a_key_that_is_not_there_is_said_and_fails(tmp_path: pathlib.Path) -> None:
    (tmp_path / "hosts").write_text(INVENTORY, encoding="utf-8")
    key = {**KEY, "key": str(tmp_path / "id_deploy")}
    status, output = play(tmp_path, "rotate_keys", inventory=("-i", "hosts"), infosec_machine_keys=[key])
    assert status != 0
    assert "id_deploy: no private key that could be read" in " ".join(output.split())
