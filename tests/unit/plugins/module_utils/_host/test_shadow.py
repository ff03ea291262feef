# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""shadow: what each password is, and that no hash comes along."""

from __future__ import annotations

import datetime
import pathlib

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._host import shadow
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.shadow import Entry

#: Made by crypt(3) of libxcrypt 4.4 with the phrase "example", except for the last two.
HASHES = {
    "yescrypt": "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$3jqFjmCn6lvxu/JOlErX8yUWJcQPO4fBiat3GkMiKrD",
    "gost-yescrypt": "$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$Jn.UP1ko/KPLcUGGEFNR9p9XprKBWhzJugGzbfx9Le9",
    "scrypt": "$7$CU..../....abcdefgh$.7.7IGmVMI475BrrRwsiE2MCW7Pg.8I7cdGnQFHFe28",
    "bcrypt": "$2b$05$abcdefghijklmnopqrstuuaoH1ZVCCUEbGJ2BeqagpRkjZ3JngHRW",
    "sha512crypt": "$6$rounds=5000$saltsalt$fCrh8nUGWG1kaWS0cBxg4tHqtdI/.vguU6L92utUDE2uuLboegIJMic"
    ".sfv7QYLSrG3dfTzYL584/rt2BJn400",
    "sha256crypt": "$5$saltsalt$5i1qBpoG1r2lckbKSq1CnT.UGPp8XJNqM5AYlEGzft6",
    "sha1crypt": "$sha1$40000$jtNX3nZ2$sUg/niVIqD81op39BsAdvvpq4IfM",
    "sunmd5": "$md5,rounds=1000$saltsalt$$ecJD7WWZkrVTnY1aGqtn61",
    "md5crypt": "$1$saltsalt$Q30LIs8F1kpk8mTT.cH1A/",
    "nt": "$3$$382c7bf814461d8d685cf7a7a06c8c8f",
    "bsdicrypt": "_J9..rasmPIfofrtE.BU",
    "descrypt": "ab9lG5LSjoQfM",
    "bigcrypt": "ab9lG5LSjoQfM9lG5LSjoQfM",
    "unknown": "$argon2id$v=19$m=65536$abc",
}
WEAK = ("sha1crypt", "sunmd5", "md5crypt", "nt", "bsdicrypt", "descrypt", "bigcrypt")


@pytest.fixture
def host(tmp_path: pathlib.Path) -> Host:
    (tmp_path / "etc").mkdir()
    return Host(root=str(tmp_path))


def place(host: Host, **texts: str) -> None:
    for name, text in texts.items():
        pathlib.Path(host.path(f"/etc/{name}")).write_text(text, encoding="utf-8")


def one(host: Host, field: str, rest: str = "20786:0:99999:7:::") -> Entry:
    place(host, passwd="ann:x:1000:1000::/home/ann:/bin/sh\n", shadow=f"ann:{field}:{rest}\n")
    return shadow.read(host.refresh())[0]


@pytest.mark.parametrize(("scheme", "digest"), HASHES.items())
def test_each_scheme_is_known_by_its_form_also_where_it_is_locked(host: Host, scheme: str, digest: str) -> None:
    usable, locked = one(host, digest), one(host, f"!{digest}")
    assert (usable.scheme, usable.state) == (scheme, shadow.USABLE)
    assert (locked.scheme, locked.state) == (scheme, shadow.LOCKED)
    assert usable.weak == (scheme in WEAK)
    assert digest not in repr((usable, locked))


@pytest.mark.parametrize(
    ("field", "state"),
    [
        ("", shadow.EMPTY),
        ("!", shadow.LOCKED),
        ("!!", shadow.LOCKED),
        ("!*", shadow.LOCKED),
        ("*", shadow.DISABLED),
        ("x", shadow.DISABLED),
        ("*LK*", shadow.DISABLED),
        ("NOLOGIN", shadow.DISABLED),
    ],
)
def test_what_is_no_hash(host: Host, field: str, state: str) -> None:
    assert (one(host, field).scheme, one(host, field).state) == ("", state)


def test_dates(host: Host) -> None:
    assert one(host, "*", "0:0:99999:7::20000:").changed == datetime.date(1970, 1, 1)
    assert one(host, "*", "0:0:99999:7::20000:").expires == datetime.date(2024, 10, 4)
    for rest in (":::::::", "", "x:::::-1:", f"{10**30}:::::{10**30}:"):
        assert (one(host, "*", rest).changed, one(host, "*", rest).expires) == (None, None)


def test_what_passwd_itself_has_counts(host: Host) -> None:
    place(host, passwd=f"ann:{HASHES['descrypt']}:1:1::/:\nbob::2:2::/:\neve:x:3:3::/:\n", shadow="ann:*:1::::::\n")
    ann, bob, eve = shadow.read(host)
    assert (ann.state, ann.scheme, ann.source) == (shadow.USABLE, "descrypt", "/etc/passwd")
    assert (bob.state, bob.source) == (shadow.EMPTY, "/etc/passwd")
    assert (eve.state, eve.source) == (shadow.MISSING, "/etc/shadow")


def test_of_two_lines_with_one_name_the_first_counts(host: Host) -> None:
    place(host, passwd="ann:x:1:1::/:\nann::1:1::/:\n+::::::\n\nrubbish\n", shadow="ann:*:::::::\nann::::::::\n")
    assert [(entry.name, entry.state) for entry in shadow.read(host)] == [("ann", shadow.DISABLED)]


def test_without_a_shadow_file(host: Host) -> None:
    place(host, passwd="ann:x:1:1::/:\n")
    assert shadow.read(host)[0].state == shadow.MISSING


def test_groups(host: Host) -> None:
    place(
        host,
        group=f"adm:x:4:\nold:{HASHES['descrypt']}:5:\nodd:x:6:\nopen::7:\n",
        gshadow=f"adm:{HASHES['sha512crypt']}::ann\nold:!::\nopen:!::\n",
    )
    told = [(entry.name, entry.state, entry.source) for entry in shadow.groups(host)]
    assert told == [
        ("adm", shadow.USABLE, "/etc/gshadow"),
        ("old", shadow.USABLE, "/etc/group"),
        ("odd", shadow.DISABLED, "/etc/group"),
        ("open", shadow.EMPTY, "/etc/group"),
    ]


def test_who_may_not_read_it_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Host, name: str) -> str:
        raise NeedsRoot(name) if name == shadow.SHADOW else Missing(name)

    monkeypatch.setattr(Host, "read_text", refuse)
    with pytest.raises(HostError):
        shadow.read(host)
