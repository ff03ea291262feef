# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import processes
from ansible_collections.infosec.principles.plugins.module_utils._host.host import NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import Place

ID = "0a" * 32


@pytest.mark.parametrize(
    ("cgroup", "above", "place"),
    [
        pytest.param("0::/system.slice/nginx.service\n", "", Place("nginx.service"), id="version 2"),
        pytest.param(
            "12:pids:/system.slice/nginx.service\n1:name=systemd:/system.slice/nginx.service\n0::/system.slice\n",
            "",
            Place("nginx.service"),
            id="versions 1 and 2",
        ),
        pytest.param("1:name=systemd:/system.slice/x.service\n", "", Place("x.service"), id="version 1"),
        pytest.param(
            "0::/system.slice/system-getty.slice/getty@tty1.service\n",
            "",
            Place("getty@tty1.service"),
            id="slice in slice",
        ),
        pytest.param("0::/system.slice/docker.service/supervised\n", "", Place("docker.service"), id="delegated"),
        pytest.param("0::/system.slice/gone.service (deleted)\n", "", Place("gone.service"), id="deleted"),
        pytest.param("0::/system.slice/_cpu.service\n", "", Place("cpu.service"), id="escaped by systemd"),
        pytest.param(
            "0::/user.slice/user-1.slice/user@1.service/app.slice/web.service\n",
            "",
            Place("user@1.service", "web.service"),
            id="a user's unit",
        ),
        pytest.param("0::/user.slice/user-1.slice/session-3.scope\n", "", Place("session-3.scope"), id="a login"),
        pytest.param("0::/init.scope\n", "", Place("init.scope"), id="systemd itself"),
        pytest.param(
            f"0::/docker/{ID}/system.slice/x.service\n", f"/docker/{ID}", Place("x.service"), id="in a container"
        ),
        pytest.param(f"0::/docker/{ID}\n", f"/docker/{ID}", Place(), id="in a container without systemd"),
        pytest.param(f"0::/docker/{ID}\n", "", Place("", "", "docker"), id="Docker with cgroupfs"),
        pytest.param(
            f"0::/system.slice/docker-{ID}.scope\n",
            "",
            Place(f"docker-{ID}.scope", "", "docker"),
            id="Docker with systemd",
        ),
        pytest.param(
            f"0::/machine.slice/libpod-{ID}.scope/container\n",
            "",
            Place(f"libpod-{ID}.scope", "", "podman"),
            id="Podman",
        ),
        pytest.param("0::/../../other.service\n", "/x", Place("other.service"), id="above the namespace"),
        pytest.param(
            "0::/system.slice/a\x1b[31m\u202eb.service\n", "", Place("a\\x1b[31m\\u202eb.service"), id="hostile"
        ),
        pytest.param("", "", Place(), id="empty"),
        pytest.param("nonsense\n", "", Place(), id="nonsense"),
    ],
)
def test_place(cgroup: str, above: str, place: Place) -> None:
    assert processes.place(cgroup, above) == place


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("nginx", "nginx"),
        ("größe", "größe"),
        ("a\nb\x1b[2J", "a\\x0ab\\x1b[2J"),
        ("\u202eevil\u2028", "\\u202eevil\\u2028"),
        ("\udcff", "\\xff"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert processes.printable(text) == shown


def process(pid: int, comm: str, parent: int, cgroup: str = "0::/system.slice/x.service\n") -> dict[str, str]:
    return {f"/proc/{pid}/stat": f"{pid} ({comm}) S {parent} 1 1\n", f"/proc/{pid}/cgroup": cgroup}


def test_describe_survives_a_name_that_looks_like_the_rest_of_the_line(lay: t.Any) -> None:
    host = lay({"files": process(7, "a) S 99 (b\\n", 1), "links": {"/proc/7/exe": "/usr/bin/x (deleted)"}})
    assert processes.describe(host, 7) == processes.Process(7, 1, "a) S 99 (b\\n", "/usr/bin/x", Place("x.service"))


def test_describe_a_process_that_has_ended(lay: t.Any) -> None:
    assert processes.describe(lay({"files": {"/proc/7/stat": "7 (x) S 1"}}), 7) is None
    assert processes.describe(lay({}), 8) is None


def test_holders_puts_pid_1_last_and_leaves_out_what_vanished(lay: t.Any) -> None:
    links = {
        "/proc/1/fd/3": "socket:[5]",
        "/proc/9/fd/3": "socket:[5]",
        "/proc/9/fd/4": "/dev/null",
        "/proc/9/fd/5": "pipe:[5]",
    }
    host = lay({"links": links, "files": {"/proc/10/stat": "", "/proc/self/fd/1": "", "/proc/²/fd/1": ""}})
    assert processes.holders(host) == processes.Holders({5: (9, 1)}, True)


def test_holders_says_when_it_may_not_see_everything(lay: t.Any) -> None:
    host = lay({"links": {"/proc/1/fd/3": "socket:[5]", "/proc/9/fd/3": "socket:[6]"}})
    host.hidden = ("/proc/1/fd",)
    assert processes.holders(host) == processes.Holders({6: (9,)}, False)


def test_holders_of_an_ordinary_user_are_never_complete(lay: t.Any) -> None:
    # With the mount option hidepid other users' processes are not even listed.
    host = lay({"links": {"/proc/9/fd/3": "socket:[6]"}})
    host.superuser = False
    assert not processes.holders(host).complete


@pytest.mark.parametrize(("superuser", "remedy"), [(True, "give the container that"), (False, "run as root")])
def test_who_needs_all_holders_is_told_what_keeps_them_back(lay: t.Any, superuser: bool, remedy: str) -> None:
    host = lay({"links": {"/proc/1/fd/3": "socket:[5]"}})
    host.superuser, host.hidden = superuser, ("/proc/1/fd",)
    with pytest.raises(NeedsRoot, match=f"CAP_SYS_PTRACE alone; {remedy}"):
        processes.need_holders(host)


def test_whoever_sees_all_needs_nothing(lay: t.Any) -> None:
    processes.need_holders(lay({"links": {"/proc/9/fd/3": "socket:[6]"}}))


def test_lineage_ends_at_a_loop_and_at_the_unknown(lay: t.Any) -> None:
    host = lay({"files": {**process(5, "a", 6), **process(6, "b", 5), **process(8, "c", 77)}})
    assert [item.pid for item in processes.lineage(host, 5)] == [5, 6]
    assert [item.pid for item in processes.lineage(host, 8)] == [8]
