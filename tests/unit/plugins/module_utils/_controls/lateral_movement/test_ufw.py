# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host_firewall by ufw, judged on recordings of Debian 11, 12 and 13 (tests/unit/fixtures/ufw)."""

from __future__ import annotations

import dataclasses
import ipaddress
import itertools
import json
import pathlib
import subprocess
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall import (
    policy,
    ufw,
    ufw_load,
    ufw_rules,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.backend import (
    LOG,
    Wanted,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import dump, load
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats import iptables_save
from ansible_collections.infosec.principles.plugins.module_utils._host import units
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot

RECORDINGS = pathlib.Path(__file__).resolve().parents[4] / "fixtures" / "ufw"
REGISTER = json.loads((RECORDINGS / "register.json").read_text(encoding="utf-8"))
WANTED = Wanted(policy.admissions(REGISTER))
LOGGING = Wanted(WANTED.admissions, LOG)
RELEASES = ("debian11", "debian12", "debian13")
METRICS = tuple(next(item["clients"] for item in REGISTER if item["name"] == "metrics"))

Machine = dict[str, t.Any]
Lay = t.Callable[[Machine], Host]


def machine(release: str, state: str, wanted: Wanted | None = None) -> Machine:
    """A recording; with `wanted`, our files as they are written for it."""
    (path,) = RECORDINGS.glob(f"ufw-*-{release}-{state}.json")
    found: Machine = json.loads(path.read_text(encoding="utf-8"))
    texts = ufw.texts(wanted) if wanted else {}
    found["files"].update({name: text for name, text in texts.items() if text})
    return found


@pytest.fixture
def host_of(lay: Lay, tmp_path: pathlib.Path) -> Lay:
    def make(recorded: Machine) -> Host:
        host = lay(recorded)
        for name, mode in recorded["modes"].items():
            (tmp_path / name.lstrip("/")).chmod(mode)
        return host

    return make


def found(host: Host, wanted: Wanted = WANTED) -> dict[str, list[Evidence]]:
    """The evidence by rule."""
    result: dict[str, list[Evidence]] = {}
    for difference in ufw.compare(host, wanted):
        result.setdefault(difference.rule, []).extend(difference.evidence)
    return result


def described(host: Host, wanted: Wanted = WANTED) -> list[str]:
    changes = ufw.changes(host, wanted)
    assert [load(json.loads(json.dumps(dump(change)))) for change in changes] == list(changes)
    return [change.describe() for change in changes]


def replaced(recorded: Machine, command: str, old: str, new: str) -> Machine:
    """The recording, with something in a program's output replaced."""
    done = recorded["commands"][command]
    assert old in done["stdout"]
    done["stdout"] = done["stdout"].replace(old, new, 1)
    return recorded


# The effective state


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(("state", "wanted"), [("held", WANTED), ("log", LOGGING)])
def test_what_the_kernel_repeats_is_what_was_loaded(host_of: Lay, release: str, state: str, wanted: Wanted) -> None:
    host = host_of(machine(release, state, wanted))
    assert ufw.active(host)
    assert found(host, wanted) == {}
    assert ufw.changes(host, wanted) == ()


@pytest.mark.parametrize("release", RELEASES)
def test_ufw_as_people_left_it(host_of: Lay, release: str) -> None:
    host = host_of(machine(release, "untouched"))
    assert set(found(host)) == {"admission", "persistence"}
    assert described(host) == [
        "create /etc/ufw/infosec-principles/load",
        "create /etc/ufw/infosec-principles/sets",
        "fill the sets of clients",
        "create /etc/ufw/infosec-principles/iptables.rules",
        "create /etc/ufw/infosec-principles/ip6tables.rules",
        "edit /etc/ufw/after.init",
        "let ufw run /etc/ufw/after.init",
        "load the rules of the register",
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_a_foreign_rule_that_turns_clients_away_is_told_and_left_alone(host_of: Lay, release: str) -> None:
    host = host_of(machine(release, "crossed", WANTED))
    filtered, filtered6 = "iptables-save -t filter", "ip6tables-save -t filter"
    away = "nothing that turns {} away from {}"
    assert found(host) == {
        "admission": [
            Evidence(
                filtered,
                "-s 10.73.0.0/24 -p tcp -m tcp --dport 22 -j DROP",
                away.format("10.73.0.0/24", "ssh (22/tcp)"),
            ),
            Evidence(filtered, "-p tcp -m tcp --dport 80 -j DROP", away.format("any", "website (80/tcp)")),
            Evidence(filtered6, "-p tcp -m tcp --dport 80 -j DROP", away.format("any", "website (80/tcp)")),
            # An `ufw allow` before it lets the IPv4 client in.
            Evidence(
                filtered6, "-p tcp -m tcp --dport 5432 -j DROP", away.format("fd00:73::100/128", "orders-db (5432/tcp)")
            ),
        ]
    }
    assert ufw.changes(host, WANTED) == ()


MANGLE, FILTER = "iptables-save -t mangle", "iptables-save -t filter"
MANGLE6, FILTER6 = "ip6tables-save -t mangle", "ip6tables-save -t filter"
SET = f"ipset save {ufw_rules.set_name(METRICS)}"


@pytest.mark.parametrize(
    ("command", "old", "new", "seen"),
    [
        (MANGLE, "-A infosec_principles_in -j DROP\n", "", "no rule"),
        (MANGLE, "-A INPUT -j infosec_principles_in\n", "", "no -j infosec_principles_in"),
        (MANGLE, "-A FORWARD -j infosec_principles_published\n", "", "no -j infosec_principles_published"),
        (MANGLE, "-A INPUT -j", "-A INPUT -p tcp -j ACCEPT\n-A INPUT -j", "-p tcp -j ACCEPT"),
        (MANGLE, "-A INPUT -j", "-A INPUT -j somebodys\n-A INPUT -j", "-j somebodys"),
        (MANGLE, "-s 10.73.0.100/32", "-s 10.73.0.0/16", "-s 10.73.0.0/16 -p tcp -m tcp --dport 5432 -j RETURN"),
        (MANGLE6, "--ctorigdstport 80 ", "--ctorigdstport 8080 ", "-p tcp -m conntrack --ctorigdstport 8080 -j RETURN"),
        (MANGLE6, "-A infosec_principles_in -j DROP\n", "", "no rule"),
        (
            FILTER,
            "-A infosec_principles_admit -p tcp -m tcp --dport 80 -j ACCEPT\n",
            "",
            "-p tcp -m tcp --dport 443 -j ACCEPT",
        ),
        (FILTER, "-A ufw-after-input -j infosec_principles_admit\n", "", "no -j infosec_principles_admit"),
        (FILTER6, "-A ufw6-after-input -j infosec_principles_admit\n", "", "no -j infosec_principles_admit"),
        (FILTER, "-A INPUT -j ufw-after-input\n", "", "no -j ufw-after-input"),
        (SET, "add ", "add x 192.0.2.1\nadd ", "1 that are no clients, 0 missing"),
        (SET, "203.0.113.0/24", "203.0.112.0/24", "1 that are no clients, 1 missing"),
    ],
)
def test_drift_is_found_and_mended(host_of: Lay, command: str, old: str, new: str, seen: str) -> None:
    host = host_of(replaced(machine("debian12", "held", WANTED), command, old, new))
    evidence = found(host)
    assert list(evidence) == ["admission"]
    assert seen in [item.found for item in evidence["admission"]]
    of_ufw = old == "-A INPUT -j ufw-after-input\n"
    assert described(host) == ["load the rules of ufw anew" if of_ufw else "load the rules of the register"]


def test_a_mark_or_log_before_our_jump_decides_nothing(host_of: Lay) -> None:
    marked = "-A INPUT -p tcp -j MARK --set-xmark 0x1/0x1\n-A INPUT -j"
    assert found(host_of(replaced(machine("debian12", "held", WANTED), MANGLE, "-A INPUT -j", marked))) == {}


def test_a_set_that_is_gone(host_of: Lay) -> None:
    recorded = machine("debian12", "held", WANTED)
    recorded["commands"][SET] = {"rc": 1, "stdout": "", "stderr": "The set with the given name does not exist"}
    assert [item.found for item in found(host_of(recorded))["admission"]] == ["no set"]


def test_flushed_by_hand_ufw_needs_all_of_its_chains_anew(host_of: Lay) -> None:
    """`iptables -F`: the chains are there, but empty."""
    recorded = machine("debian12", "held", WANTED)
    done = recorded["commands"][FILTER]
    done["stdout"] = "".join(line for line in done["stdout"].splitlines(keepends=True) if not line.startswith("-A"))
    host = host_of(recorded)
    assert "no -j ufw-before-input" in [item.found for item in found(host)["admission"]]
    assert ufw.changes(host, WANTED)[-1].diff()["after"].endswith("load rebuild\n")


def test_enabled_but_not_in_the_kernel(host_of: Lay) -> None:
    recorded = machine("debian12", "held", WANTED)
    for command in (MANGLE, FILTER, MANGLE6, FILTER6):
        recorded["commands"][command]["stdout"] = ""
    host = host_of(recorded)
    assert ufw.active(host)
    chains = ["no chain ufw-user-input", "no chain ufw6-user-input"]
    assert [item.found for item in found(host)["admission"]] == chains
    assert described(host) == ["load the rules of ufw anew"]


def ipv6_off(recorded: Machine) -> Machine:
    """IPV6=no: ufw shuts IPv6, and has no chains to put ours behind."""
    text = recorded["files"][ufw.DEFAULTS]
    assert "IPV6=yes\n" in text
    recorded["files"][ufw.DEFAULTS] = text.replace("IPV6=yes\n", "IPV6=no\n")
    return without_chains(recorded)


def without_chains(recorded: Machine) -> Machine:
    done = recorded["commands"][FILTER6]
    done["stdout"] = "".join(line for line in done["stdout"].splitlines(keepends=True) if "ufw6" not in line)
    return recorded


def test_with_ipv6_off_in_ufw_the_gate_is_enough(host_of: Lay) -> None:
    recorded = ipv6_off(machine("debian12", "held", WANTED))
    lines = recorded["files"][ufw.IF_INET6].splitlines(keepends=True)
    recorded["files"][ufw.IF_INET6] = "".join(line for line in lines if line.split()[3] != "00")
    assert found(host_of(recorded)) == {}


def test_with_ipv6_off_in_ufw_clients_of_a_global_address_are_shut_out(host_of: Lay) -> None:
    host = host_of(ipv6_off(machine("debian12", "held", WANTED)))
    told = Evidence(ufw.DEFAULTS, "IPV6 is not yes", "yes, for the IPv6 clients of ssh, orders-db")
    assert found(host) == {"admission": [told]}
    assert ufw.changes(host, WANTED) == ()


def test_ipv6_chains_that_are_gone(host_of: Lay) -> None:
    """`ip6tables -F; ip6tables -X`."""
    host = host_of(without_chains(machine("debian12", "held", WANTED)))
    assert [item.found for item in found(host)["admission"]] == ["no chain ufw6-user-input"]
    assert described(host) == ["load the rules of ufw anew"]


def test_a_kernel_without_ipv6(host_of: Lay) -> None:
    recorded = machine("debian12", "held", WANTED)
    for part in ("files", "modes"):
        del recorded[part]["/proc/net/if_inet6"]
    for command in (MANGLE6, FILTER6):
        del recorded["commands"][command]
    assert found(host_of(recorded)) == {}


# Whether it is active


@pytest.mark.parametrize(
    ("conf", "in_kernel", "active"),
    [
        ("ENABLED=yes\n", True, True),
        ("ENABLED=yes\n", False, True),
        ("# ENABLED=yes\nENABLED=no\n", False, False),
        ("ENABLED=no\nENABLED='yes' # on\n", False, True),
        ("ENABLED=yes\nENABLED=no\n", False, False),
        ("ENABLED=on\n", False, False),
        ("ENABLED=no\n", True, True),
        (None, False, False),
    ],
)
def test_active(host_of: Lay, conf: str | None, in_kernel: bool, active: bool) -> None:
    recorded = machine("debian12", "untouched")
    for part in ("files", "modes"):
        value = recorded[part].pop(ufw.CONF)
        if conf is not None:
            recorded[part][ufw.CONF] = conf if part == "files" else value
    if not in_kernel:
        recorded["commands"][FILTER]["stdout"] = ""
    assert ufw.active(host_of(recorded)) is active


def test_where_the_kernel_tells_root_nothing_ufw_has_none_there(host_of: Lay) -> None:
    """A container without NET_ADMIN."""
    recorded = machine("debian12", "untouched")
    recorded["commands"][FILTER] = {"rc": 4, "stdout": "", "stderr": "Permission denied (you must be root)"}
    recorded["files"][ufw.CONF] = "ENABLED=no\n"
    assert not ufw.active(host_of(recorded))


def test_without_the_program_nothing_is_asked(lay: Lay) -> None:
    assert not ufw.active(lay({}))


def test_an_ordinary_user_cannot_look(host_of: Lay) -> None:
    recorded = machine("debian12", "untouched")
    recorded["commands"][FILTER] = {"rc": 4, "stdout": "", "stderr": "Permission denied (you must be root)"}
    host = host_of(recorded)
    with pytest.raises(HostError, match="you must be root"):
        ufw.compare(host, WANTED)
    host.superuser = False  # type: ignore[attr-defined]
    with pytest.raises(NeedsRoot):
        ufw.compare(host, WANTED)


# After a boot


def held_with(**texts: str) -> Machine:
    recorded = machine("debian12", "held", WANTED)
    recorded["files"].update(texts)
    return recorded


def test_our_files_edited(host_of: Lay) -> None:
    rules = f"{ufw_load.FOLDER}/iptables.rules"
    host = host_of(held_with(**{rules: "*mangle\nCOMMIT\n"}))
    assert found(host) == {"persistence": [Evidence(rules, "another text", "as the register says")]}
    assert described(host) == [f"edit {rules}", "load the rules of the register"]


def test_sets_that_are_no_longer_needed(host_of: Lay) -> None:
    few = Wanted(policy.admissions(REGISTER[:2]))
    recorded = machine("debian12", "held", WANTED)
    host = host_of(recorded)
    assert Evidence(ufw_load.SETS, "another text", "no such file") in found(host, few)["persistence"]
    assert f"remove {ufw_load.SETS}" in described(host, few)


def test_ufw_does_not_run_us(host_of: Lay) -> None:
    recorded = machine("debian12", "held", WANTED)
    recorded["modes"][ufw_load.HOOK] = 0o640
    recorded["files"][ufw_load.HOOK] = recorded["files"][ufw_load.PRISTINE]
    host = host_of(recorded)
    assert [item.source for item in found(host)["persistence"]] == [ufw_load.HOOK, ufw_load.HOOK]
    assert described(host)[:2] == [f"edit {ufw_load.HOOK}", f"let ufw run {ufw_load.HOOK}"]


def test_enabled_again_where_ufw_itself_would_write_it(host_of: Lay) -> None:
    recorded = machine("debian12", "held", WANTED)
    recorded["files"][ufw.CONF] = "ENABLED=yes\n# off for now\nENABLED=no\nLOGLEVEL=low"
    host = host_of(recorded)
    assert found(host) == {"persistence": [Evidence(ufw.CONF, "ENABLED is not yes", "ENABLED=yes")]}
    assert ufw.changes(host, WANTED)[0].diff()["after"] == "ENABLED=yes\n# off for now\nENABLED=yes\nLOGLEVEL=low"


def test_the_unit_is_enabled_and_otherwise_left_alone(host_of: Lay) -> None:
    recorded = machine("debian12", "held", WANTED)
    recorded["systemd"] = True
    shown = "Id=ufw.service\nNames=ufw.service\nLoadState=loaded\nActiveState=active\nUnitFileState=disabled\n"
    command = f"systemctl show --property={units.PROPERTIES} {' '.join(units.PATTERNS)}"
    recorded["commands"][command] = {"rc": 0, "stdout": shown, "stderr": ""}
    host = host_of(recorded)
    assert found(host) == {"persistence": [Evidence("systemctl show ufw.service", "disabled", "enabled")]}
    assert described(host) == ["enable ufw.service", "load the rules of the register"]


# ufw's own file for us

NOT_SHELL, NOT_RUN = "no shell script", "would run for ours"


@pytest.mark.parametrize(
    ("text", "executable", "obstacle"),
    [
        (None, False, ""),
        ("PRISTINE", False, ""),
        ("#!/bin/sh\n", False, ""),
        ("#!/bin/sh\niptables -F\n", True, ""),
        ("#!/bin/sh\niptables -F\n", False, NOT_RUN),
        ("#!/bin/bash -e\n", True, ""),
        ("#!/usr/bin/env bash\n", True, ""),
        ("#!/usr/bin/python3\n", True, NOT_SHELL),
        ("#!/usr/bin/env python3\n", True, NOT_SHELL),
        ("set -e\n", True, NOT_SHELL),
        ("\n", True, NOT_SHELL),
    ],
)
def test_an_obstacle_is_told_and_nothing_changed(
    host_of: Lay, text: str | None, executable: bool, obstacle: str
) -> None:
    recorded = machine("debian12", "untouched")
    del recorded["modes"][ufw_load.HOOK]
    pristine = recorded["files"].pop(ufw_load.HOOK)
    if text is not None:
        recorded["files"][ufw_load.HOOK] = pristine if text == "PRISTINE" else text
        recorded["modes"][ufw_load.HOOK] = 0o750 if executable else 0o640
    host = host_of(recorded)
    told = [item for item in found(host)["persistence"] if "nothing is changed" in item.expected]
    assert len(told) == bool(obstacle)
    assert all(obstacle in item.found for item in told)
    assert bool(ufw.changes(host, WANTED)) is not bool(obstacle)


def test_what_ufw_runs_already_goes_on_to_run(tmp_path: pathlib.Path) -> None:
    hook = ufw_load.hooked('#!/bin/sh\nset -e\necho "theirs $1"\n').replace(ufw_load.LOADER, f"{tmp_path}/load")
    (tmp_path / "load").write_text('echo "ours $1"; exit 3\n', encoding="utf-8")
    done = subprocess.run(["sh", "-s", "start"], input=hook, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("ours start\ntheirs start\n", 1)


def test_our_block_is_put_in_once() -> None:
    once = ufw_load.hooked("#!/bin/sh\necho x\n")
    assert ufw_load.hooked(once) == once
    assert ufw_load.hooked(None).startswith("#!/bin/sh\n")


def test_the_loader_is_shell() -> None:
    done = subprocess.run(["sh", "-n"], input=ufw_load.LOADER_TEXT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


# Rules and sets


def test_few_clients_are_rules_and_many_are_a_set() -> None:
    few = tuple(f"192.0.2.{number}/32" for number in range(ufw_rules.FEW))
    many = (*few, "198.51.100.0/24")
    four = ufw_rules.FAMILIES[0]
    for clients, rules, named in ((few, ufw_rules.FEW, 0), (many, 1, 1)):
        wanted = Wanted((policy.Admission("db", "tcp", 5432, 5432, clients),))
        admitted = ufw_rules.tables(wanted, four)["filter"][ufw_rules.ADMIT]
        assert len([rule for rule in admitted if "--dport 5432" in rule]) == rules
        assert len(ufw_rules.sets(wanted, four)) == named


@pytest.mark.parametrize(
    ("clients", "sources"),
    [
        (("10.1.2.3/8", "10.0.0.0/8"), ["-s 10.0.0.0/8 "]),
        (("192.0.2.1",), ["-s 192.0.2.1/32 "]),
        (("192.0.2.1/32", "0.0.0.0/0"), [""]),
        ((*(f"192.0.2.{number}/32" for number in range(40)), "0.0.0.0/0"), [""]),
        (("any",), [""]),
        (("2001:db8::/32",), []),
    ],
)
def test_clients_are_spelled_as_iptables_does(clients: tuple[str, ...], sources: list[str]) -> None:
    four = ufw_rules.FAMILIES[0]
    wanted = Wanted((policy.Admission("db", "udp", 1, 65535, clients),))
    admitted = ufw_rules.tables(wanted, four)["filter"][ufw_rules.ADMIT][len(four.basics) :]
    assert admitted == [f"{source}-p udp -m udp --dport 1:65535 -j ACCEPT" for source in sources]
    assert ufw_rules.sets(wanted, four) == {}


def test_a_set_needs_its_program(host_of: Lay) -> None:
    recorded = machine("debian12", "untouched")
    recorded["commands"] = {name: done for name, done in recorded["commands"].items() if "ipset" not in name}
    host = host_of(recorded)
    assert host.which("ipset") is None
    assert described(host)[0] == "install ipset"
    assert "install ipset" not in described(host, Wanted(policy.admissions(REGISTER[:2])))


def test_a_set_has_a_name_that_ipset_takes_and_that_tells_its_members() -> None:
    name = ufw_rules.set_name(METRICS)
    assert len(name) <= 30 and name == ufw_rules.set_name(tuple(reversed(METRICS)))
    assert name != ufw_rules.set_name(METRICS[1:])


def test_services_of_this_host_alone_admit_nobody() -> None:
    nobody = [service for service in REGISTER if not service["clients"]]
    assert nobody
    for family in ufw_rules.FAMILIES:
        assert "6379" not in ufw_rules.rules_file(WANTED, family)


def test_log_drops_nothing() -> None:
    for family in ufw_rules.FAMILIES:
        assert "DROP" not in ufw_rules.rules_file(LOGGING, family)
        assert '--log-prefix "infosec_principles "' in ufw_rules.rules_file(LOGGING, family)


SOURCES = (
    "10.73.0.100",
    "10.73.0.7",
    "198.51.100.1",
    "198.51.100.2",
    "203.0.113.9",
    "fd00:73::100",
    "fd00:73::7",
    "::1",
)
PORTS = (22, 80, 443, 5432, 6379, 6999, 7000, 7009, 7010, 9100, 9999)
FEW_OF_EACH = tuple(dataclasses.replace(one, clients=one.clients[: ufw_rules.FEW]) for one in WANTED.admissions)


@pytest.mark.parametrize(
    ("chain", "match"), [(ufw_rules.GATE, ""), (ufw_rules.PUBLISHED, "-m conntrack --ctorigdstport")]
)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_the_gate_admits_whom_the_policy_admits(chain: str, match: str, protocol: str) -> None:
    """Published ports are read as if it were the port here; what the kernel makes of both was tried in containers."""
    wanted = Wanted(FEW_OF_EACH)
    for source, port in itertools.product(SOURCES, PORTS):
        family = ufw_rules.FAMILIES[":" in source]
        texts = ufw_rules.tables(wanted, family)["mangle"][chain]
        rules = [iptables_save.rule(text.replace(match or "\0", "--dport")) for text in texts]
        packet = iptables_save.Packet(ipaddress.ip_network(source), protocol, port, port)
        dropped = iptables_save.verdict({chain: rules}, chain, packet)
        assert (dropped is None) == bool(policy.admitting(wanted.admissions, protocol, source, port)), (source, port)


# The program that ufw runs, with played iptables


PLAYED = """\
#!/bin/sh
echo "$(basename "$0") $*" >>"$LOG"
case "$(basename "$0") $*" in
*-restore*) sed "s/^/  /" >>"$LOG" ;;
*ip6tables*-L*) exit "$WITHOUT_IPV6" ;;
*-L*) exit "$WITHOUT_UFW" ;;
*-C*) exit "$UNHOOKED" ;;
*-D*) exit 1 ;;
esac
"""


@pytest.fixture
def loader(tmp_path: pathlib.Path) -> t.Callable[..., list[str]]:
    """Runs it and tells what it called; options are the exit codes of the played programs."""
    folder, programs, log = tmp_path / "rules", tmp_path / "bin", tmp_path / "log"
    folder.mkdir()
    programs.mkdir()
    (folder / "load").write_text(ufw_load.LOADER_TEXT.replace(ufw_load.FOLDER, str(folder)), encoding="utf-8")
    for name in ("iptables", "ip6tables"):
        (folder / f"{name}.rules").write_text(f"*{name}\n", encoding="utf-8")
    for name in ("iptables", "ip6tables", "iptables-restore", "ip6tables-restore"):
        (programs / name).write_text(PLAYED, encoding="utf-8")
        (programs / name).chmod(0o755)

    def run(verb: str, *, by: t.Sequence[str] = ("sh",), **codes: int) -> list[str]:
        log.write_text("", encoding="utf-8")
        exits = {"WITHOUT_UFW": 0, "WITHOUT_IPV6": 0, "UNHOOKED": 1, **codes}
        path = f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin"
        environment = {"PATH": path, "LOG": str(log), **{name: str(code) for name, code in exits.items()}}
        subprocess.run([*by, f"{folder}/load", verb], env=environment, check=True)
        return log.read_text(encoding="utf-8").splitlines()

    return run


Loader = t.Callable[..., list[str]]


def test_start_loads_and_then_hooks(loader: Loader) -> None:
    told = loader("start")
    jumps = [line.strip() for line in told if "-I " in line]
    assert jumps == [
        "-I INPUT 1 -j infosec_principles_in",
        "-I FORWARD 1 -j infosec_principles_published",
        "-I INPUT 1 -j infosec_principles_in",
        "-I FORWARD 1 -j infosec_principles_published",
        "-I ufw-after-input 1 -j infosec_principles_admit",
        "-I ufw6-after-input 1 -j infosec_principles_admit",
    ]
    assert told.index("  *iptables") < told.index("  -I INPUT 1 -j infosec_principles_in")
    assert not [line for line in told if "-D" in line]


def test_start_moves_a_jump_that_is_there_in_one_step(loader: Loader) -> None:
    told = loader("start", UNHOOKED=0)
    moved = told.index("  -D INPUT -j infosec_principles_in")
    assert told[moved - 1 : moved + 3] == [
        "  *mangle",
        "  -D INPUT -j infosec_principles_in",
        "  -I INPUT 1 -j infosec_principles_in",
        "  COMMIT",
    ]


def test_start_does_nothing_where_ufw_is_off(loader: Loader) -> None:
    assert loader("start", WITHOUT_UFW=1) == ["iptables -w -t filter -n -L ufw-user-input"]


def test_start_without_ipv6(loader: Loader) -> None:
    told = loader("start", WITHOUT_IPV6=1)
    assert not [line for line in told if line.startswith("ip6tables-restore")]


@pytest.mark.parametrize("verb", ["stop", "flush-all"])
def test_stop_takes_all_chains_away(loader: Loader, verb: str) -> None:
    gone = [line.partition(" -X ")[2] for line in loader(verb) if " -X " in line]
    chains = [ufw_rules.GATE, ufw_rules.PUBLISHED] * 2 + [ufw_rules.ADMIT] * 2
    assert gone == chains


def test_status_does_nothing(loader: Loader) -> None:
    assert loader("status") == []


@pytest.mark.parametrize(
    ("name", "word", "stays"),
    [
        ("ufw", "reload", True),
        ("ufw-init", "restart", True),
        ("ufw-init", "force-reload", True),
        ("ufw", "disable", False),
        ("ufw-init", "force-stop", False),
        ("other", "reload", False),
        ("ufw", "ufw reload", False),
    ],
)
def test_the_gate_stays_while_ufw_restarts(
    loader: Loader, tmp_path: pathlib.Path, name: str, word: str, stays: bool
) -> None:
    (tmp_path / name).write_text('shift; sh "$@"; exit\n', encoding="utf-8")
    assert (loader("stop", by=("sh", str(tmp_path / name), word)) == []) is stays
