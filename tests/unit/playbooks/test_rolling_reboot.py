# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbook rolling_reboot as far as nothing is rebooted: every host here is this machine, and the rest is check mode."""

from __future__ import annotations

import contextlib
import datetime
import pathlib
import socket
import typing as t

import pytest

from ansible_collections.infosec.principles.tests.unit.playbooks.test_playbooks import SERVICE, play

# Two names of this machine, as far as the addresses go. Who connects comes from 127.0.0.1, the client.
FLEET = """
[web]
one infosec_addresses=127.0.0.2
two infosec_addresses=127.0.0.3
[clients]
client infosec_addresses=127.0.0.1
[all:vars]
ansible_connection=local
"""
#: What this machine is like is not what is tested.
WAIVER = {"match": "rule == 'reboot_safety.verdict'", "why": "x", "owner": "x", "expires": "2999-01-01"}


@contextlib.contextmanager
def served(*addresses: str) -> t.Iterator[int]:
    """A port on which something listens at these addresses."""
    with contextlib.ExitStack() as stack:
        port = 0
        for address in addresses:
            server = stack.enter_context(socket.create_server((address, port)))
            port = server.getsockname()[1]
        yield port


def roll(folder: pathlib.Path, port: int, *more: str, **variables: t.Any) -> tuple[int, str]:
    (folder / "hosts").write_text(FLEET, encoding="utf-8")
    service = {**SERVICE, "ports": [f"{port}/tcp"], "clients": ["clients"]}
    given = {"infosec_hosts": "web", "infosec_services": [service], "infosec_waivers": [WAIVER], **variables}
    return play(folder, "rolling_reboot", "--check", *more, inventory=("-i", "hosts"), **given)


def test_check_mode_shows_the_waves(tmp_path: pathlib.Path) -> None:
    with served("127.0.0.2", "127.0.0.3") as port:
        status, output = roll(tmp_path, port, infosec_roll_when="always")
    assert status == 0, output
    assert "".join(output.partition('"infosec_roll_waves": ')[2].split()).startswith('[["one"],["two"]]')
    assert not (tmp_path / "reports").exists()


def test_groups_of_the_user_may_go_together(tmp_path: pathlib.Path) -> None:
    with served("127.0.0.2", "127.0.0.3") as port:
        status, output = roll(tmp_path, port, infosec_roll_when="always", infosec_roll_groups=["clients"])
    assert status == 0, output
    assert "".join(output.partition('"infosec_roll_waves": ')[2].split()).startswith('[["one","two"]]')


def test_nobody_goes_while_a_peer_is_down(tmp_path: pathlib.Path) -> None:
    with served("127.0.0.2") as port:
        status, output = roll(tmp_path, port, "--limit", "one", infosec_roll_when="always")
    assert status == 2, output
    refusal = f"one is not rebooted, and no other host either: its peer two: {port}/tcp (site) does not answer client"
    assert f"{refusal} at 127.0.0.3: refused" in output


def test_what_nobody_can_try_is_refused_unless_told_otherwise(tmp_path: pathlib.Path) -> None:
    service = {**SERVICE, "ports": ["1/tcp"], "clients": ["192.0.2.1"]}
    status, output = roll(tmp_path, 1, infosec_roll_when="always", infosec_services=[service])
    assert status == 2, output
    assert "1/tcp (site) could not be tried: no host of the inventory is among its clients" in output
    again = roll(tmp_path, 1, infosec_roll_when="always", infosec_services=[service], infosec_roll_unproven="true")
    assert again[0] == 0, again[1]


def test_a_closed_slot_leaves_hosts_alone_unless_told_otherwise(tmp_path: pathlib.Path) -> None:
    later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)
    window = {"days": [f"{later:%a}".lower()], "start": "02:00", "duration": "2h", "time_zone": "UTC"}
    with served("127.0.0.2", "127.0.0.3") as port:
        given = {"infosec_roll_when": "always", "infosec_maintenance": window}
        status, output = roll(tmp_path, port, **given)
        told = roll(tmp_path, port, infosec_roll_now=True, **given)
    assert status == 0, output
    assert told[0] == 0, told[1]
    assert "".join(told[1].partition('"infosec_roll_waves": ')[2].split()).startswith('[["one"],["two"]]')
    assert output.count("its slot of infosec_maintenance is not open; the next one begins at") == 2
    assert '"infosec_roll_waves": []' in output


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        ({"infosec_services": [{"name": "x"}]}, "infosec_services[0] (x).owner: missing"),
        ({"infosec_waivers": [{"why": "x"}]}, "waivers[0].owner: missing"),
        ({"infosec_roll_groups": ["webb"]}, "infosec_roll_groups: no group of the inventory: webb"),
        ({"infosec_roll_when": "sometimes"}, "infosec_roll_when: found 'sometimes'; write needed or always"),
        ({"infosec_roll_clients": "many"}, "infosec_roll_clients: found 'many'; write a number of hosts, 1 or more"),
    ],
)
def test_faults_stop_it_before_a_host_is_touched(
    tmp_path: pathlib.Path, variables: dict[str, t.Any], fault: str
) -> None:
    status, output = roll(tmp_path, 1, **variables)
    assert status == 2, output
    assert fault in output
    assert "Reboot wave after wave" not in output
