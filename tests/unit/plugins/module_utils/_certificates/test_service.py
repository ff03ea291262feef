# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reads a key, how a service takes up a new pair, and that it gets the old one back where it is ill of it."""

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._certificates import pairs, service
from ansible_collections.infosec.principles.plugins.module_utils._certificates.pairs import Folder, PairError, Wanted
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed, run_command
from ansible_collections.infosec.principles.plugins.modules import certificate_deployment
from ansible_collections.infosec.principles.tests.unit.pairs import played_web
from ansible_collections.infosec.principles.tests.unit.pairs.machine import Machine
from ansible_collections.infosec.principles.tests.unit.plugins.module_utils._certificates.test_pairs import Authority

PORT = played_web.listen(lambda connection: None)
SHOP = Wanted("shop", ("shop.example.org",), (), "shop.service", (PORT,))
EACH = {"name": "shop", "unit": "shop.service", "ports": [PORT]}


@pytest.fixture(name="machine")
def made(tmp_path: pathlib.Path) -> Machine:
    return shop(Machine(tmp_path / "machine"))


def shop(machine: Machine, *, reloads: bool = True, ill: bool = False, gid: int = 33) -> Machine:
    """A service on a port. ill: its reload fails."""
    properties = {"CanReload": "yes" if reloads else "no"}
    sockets = [("tcp", "127.0.0.1", PORT)]
    machine.unit("shop.service", process="shopd", sockets=sockets, properties=properties)
    machine.write("/proc/100/status", f"Name:\tshopd\nUid:\t0\t0\t0\t0\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\n")
    systemctl = machine.programs["systemctl"]

    def answering(argv: t.Sequence[str], stdin: str | None) -> Completed:
        return Completed(1, "", "no") if ill and argv[1] == "reload" else systemctl(argv, stdin)

    machine.programs["systemctl"] = answering
    return machine


def test_the_group_is_that_of_the_process(machine: Machine) -> None:
    assert service.group(machine.host(), SHOP) == 33
    by_unit = Wanted("shop", SHOP.names, (), "shop.service", ())
    assert service.group(machine.host(), by_unit) == 33
    assert service.group(machine.host(), Wanted("shop", SHOP.names, ())) == os.getegid()


@pytest.mark.parametrize(
    ("reloads", "restart", "verb", "left"),
    [
        (True, "never", "reload", ""),
        (True, "when_needed", "reload", ""),
        (False, "when_needed", "restart", ""),
        (False, "never", "", "shop.service cannot be reloaded"),
    ],
)
def test_how_it_takes_up_a_pair(tmp_path: pathlib.Path, reloads: bool, restart: str, verb: str, left: str) -> None:
    machine = shop(Machine(tmp_path / "other"), reloads=reloads)
    assert service.take_up(machine.host(), SHOP, restart).startswith(left)
    verbs = [words[1] for words in machine.called if words[0] == "systemctl"]
    verbs = [verb for verb in verbs if verb not in ("show", "daemon-reload")]
    assert verbs == ([verb] if verb else [])


def test_what_does_not_run_needs_nothing(machine: Machine) -> None:
    machine.unit("shop.service", active=False)
    assert service.take_up(machine.host(), SHOP, "never") == ""


def deploy(folder: Folder, machine: Machine, authority: Authority) -> dict[str, t.Any]:
    """What the module says of a new certificate."""
    certificate = authority.sign(pairs.request(folder, SHOP, "prime256v1"))
    params = {"certificates": [{**EACH, "certificate": certificate}], "restart": "never"}
    return certificate_deployment.work(params, folder, machine.host())


def test_an_ill_service_gets_its_old_pair_back(tmp_path: pathlib.Path) -> None:
    authority = Authority("an authority")
    folder = Folder(str(tmp_path / "tls"), lambda argv: run_command(argv, None, 60))
    pairs.prepare(folder)
    pairs.write(folder.authorities, authority.pem, 0o644)
    machine = shop(Machine(tmp_path / "machine"), ill=True, gid=os.getegid())
    # The first pair is shown by nobody yet.
    assert deploy(folder, machine, authority) == {"changed": True, "deployed": ["shop"], "left": {}}
    first = folder.current("shop")
    said = deploy(folder, machine, authority)
    assert said["failed"] and "it has its old pair again" in said["msg"] and said["deployed"] == []
    assert folder.current("shop") == first
    pairs.prove(folder, first)
    well = shop(Machine(tmp_path / "well"), gid=os.getegid())
    assert deploy(folder, well, authority)["deployed"] == ["shop"]
    assert folder.current("shop") != first and os.listdir(f"{folder.path}/.pairs") == [
        os.path.basename(folder.current("shop"))
    ]


def test_a_run_that_was_cut_off_before_the_reload_is_finished(tmp_path: pathlib.Path, machine: Machine) -> None:
    authority = Authority("an authority")
    folder = Folder(str(tmp_path / "tls"), lambda argv: run_command(argv, None, 60))
    pairs.prepare(folder)
    pairs.write(folder.authorities, authority.pem, 0o644)
    for _number in range(2):
        certificate = authority.sign(pairs.request(folder, SHOP, "prime256v1"))
        pairs.point(folder, "shop", pairs.complete(folder, "shop", certificate, os.getegid()))
    assert pairs.untaken(folder, "shop")
    params = {"certificates": [{**EACH, "certificate": ""}], "restart": "never"}
    assert certificate_deployment.work(params, folder, machine.host())["left"] == {}
    assert ("systemctl", "reload", "--", "shop.service") in machine.called
    assert not pairs.untaken(folder, "shop")


def test_one_that_fails_stops_no_other(tmp_path: pathlib.Path, machine: Machine) -> None:
    folder = Folder(str(tmp_path / "tls"), lambda argv: run_command(argv, None, 60))
    pairs.prepare(folder)
    params = {"certificates": [{**EACH, "certificate": "x"}, {**EACH, "name": "other", "certificate": ""}]}
    said = certificate_deployment.work({**params, "restart": "never"}, folder, machine.host())
    assert said["failed"] and said["msg"] == "shop: no key waits for this certificate; run again"


def test_an_ill_service_is_told(tmp_path: pathlib.Path) -> None:
    with pytest.raises(PairError, match="systemctl reload shop.service failed"):  # noqa: RUF043
        service.take_up(shop(Machine(tmp_path), ill=True).host(), SHOP, "never")
