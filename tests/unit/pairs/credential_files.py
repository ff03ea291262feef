# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of credential_files: a web server, a database's clients and services. The secrets were made up."""

from __future__ import annotations

import base64
import collections.abc
import os
import socket
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import assignments
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Completed

from .case import Case
from .machine import Machine

PASSWD = (
    "root:x:0:0::/root:/bin/sh\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\nann:x:1000:1000::/home/ann:/bin/sh\n"
    "app:x:990:990::/srv/app:/usr/sbin/nologin\n"
)
GROUP = "root:x:0:\nwww-data:x:33:\nann:x:1000:\napp:x:990:\n"
PGPASS = "db.example.org:5432:shop:shop:Zq8rTn2LxW4v\n"
DOTENV = "APP_NAME=shop\nDB_PASSWORD=Xu4pL9wQz71mB\n"
KEY = (
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n"
)
NGINX = "events {}\nhttp {\n  server {\n    listen 80;\n    server_name shop.example.org;\n    root /srv/shop/public;\n  }\n}\n"
UNIT = (
    '[Service]\nUser=app\nEnvironment=MODE=prod "DB_PASSWORD=Kd83 kfD9%%s"\nEnvironment=API_TOKEN=tok3nAbcdef123456\n'
    "ExecStart=/usr/bin/app --serve\nExecReload=/bin/kill -HUP $MAINPID\n"
)
FRAGMENT, VARIABLES = "/etc/systemd/system/app.service", "/etc/default/app"

MODE, OWNER, WEB_ROOT, BACKUP = (frozenset({name}) for name in ("mode", "owner", "web_root", "backup"))
ENVIRONMENT, FILE, COMMAND = (frozenset({name}) for name in ("unit_environment", "environment_file", "command_line"))
UNITS = ENVIRONMENT | FILE | COMMAND


def ground(machine: Machine) -> None:
    machine.write("/etc/passwd", PASSWD)
    machine.write("/etc/group", GROUP)
    for folder in ("/etc", "/root", "/srv", "/home/ann"):
        machine.mkdir(folder)


def laid(*, mode: int = 0o600, **files: str) -> t.Callable[[Machine], None]:
    """A machine with these files, by path ("/" written as "__")."""

    def lay(machine: Machine) -> None:
        ground(machine)
        for name, text in files.items():
            machine.write(f"/{name}", text, mode=mode)

    return lay


STORES = {"etc/app/pgpass": PGPASS, "etc/ssl/private/site.key": KEY, "opt/shop/.env": DOTENV}


def of_ann(machine: Machine) -> None:
    laid(**STORES)(machine)
    try:
        os.chown(machine.path("/etc/app/pgpass"), 1000, 1000)
    except PermissionError:
        pytest.skip("gives a file to somebody else, which root alone may")


def served(answer: t.Callable[[str], str]) -> t.Callable[[Machine], None]:
    """nginx serves a folder with a .env in it. answer: what it says when asked for a path."""

    def serve(connection: socket.socket) -> None:
        path = connection.recv(4096).decode().split(" ")[1]
        connection.sendall(answer(path).encode())

    def lay(machine: Machine) -> None:
        ground(machine)
        machine.write("/etc/nginx/nginx.conf", NGINX)
        machine.write("/srv/shop/public/.env", DOTENV, mode=0o640)
        machine.unit("nginx.service", sockets=[("tcp", "0.0.0.0", 80)], process="nginx")
        machine.servers[80] = serve

    return lay


def hands_out(path: str) -> str:
    return f"HTTP/1.1 206 Partial Content\r\n\r\n{DOTENV[:24]}" if path == "/.env" else "HTTP/1.1 404 Not Found\r\n\r\n"


def denies(path: str) -> str:
    return "HTTP/1.1 403 Forbidden\r\n\r\nno"


def one_page(path: str) -> str:
    """An application that answers whatever it is asked for."""
    return "HTTP/1.1 200 OK\r\n\r\n<!doctype html><html></html>"


class Shown(collections.abc.Mapping[str, str]):
    """What systemd shows of a unit: its file as it is now."""

    def __init__(self, machine: Machine, **more: str) -> None:
        self._machine = machine
        self._more = more

    def _read(self) -> dict[str, str]:
        drop_in = self._machine.path(f"{FRAGMENT}.d/50-infosec-sealed.conf")
        text = self._machine.path(FRAGMENT).read_text(encoding="utf-8")
        words = (f"{one.name}={one.value}" for one in assignments.find(text, assignments.UNIT))
        told = " ".join(f'"{word}"' if " " in word else word for word in words)
        command = text.partition("ExecStart=")[2].partition("\n")[0]
        return {
            "FragmentPath": FRAGMENT,
            "Environment": told,
            "DropInPaths": FRAGMENT + ".d/50-infosec-sealed.conf" if drop_in.exists() else "",
            "ExecStart": f"{{ path=/usr/bin/app ; argv[]={command} ; ignore_errors=no ; }}",
            "User": "app",
            **self._more,
        }

    def __getitem__(self, key: str) -> str:
        return self._read()[key]

    def __iter__(self) -> t.Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


def service(
    unit: str = UNIT, *, variables: str = "", mode: int = 0o644, creds: bool = False
) -> t.Callable[[Machine], None]:
    """A service of people's own. variables: its EnvironmentFile. creds: whether systemd can seal."""

    def lay(machine: Machine) -> None:
        ground(machine)
        machine.write(FRAGMENT, unit)
        more = {"EnvironmentFiles": f"{VARIABLES} (ignore_errors=no)"} if variables else {}
        if variables:
            machine.write(VARIABLES, variables, mode=mode)
        machine.unit("app.service", properties=Shown(machine, **more))
        if creds:
            machine.program("systemd-creds", sealing)
            machine.program("sh", lambda argv, stdin: Completed(0, "", ""))

    return lay


def sealing(argv: t.Sequence[str], stdin: str | None) -> Completed:
    """systemd-creds, played: backwards is as good as encrypted here."""
    name = next(word for word in argv if word.startswith("--name=")).partition("=")[2]
    if argv[1] == "encrypt":
        return Completed(0, base64.b64encode(f"{name}\0{stdin}".encode()[::-1]).decode(), "")
    with open(argv[-2], encoding="ascii") as stream:
        found, _zero, text = base64.b64decode(stream.read())[::-1].decode().partition("\0")
    return Completed(0, text, "") if found == name else Completed(1, "", "wrong name")


PLAIN = "[Service]\nUser=app\nEnvironment=MODE=prod\nExecStart=/usr/bin/app --serve --token-file=/etc/app/token\n"
TELLING = "[Service]\nUser=app\nExecStart=/usr/bin/app --db-password=Kd83kfD9xx\n"
SECRETS, PLAIN_SECRETS = "SMTP_HOST=mail\nSMTP_PASSWORD='m4il S3cret99'\n", "SMTP_HOST=mail\n"

CASES = (
    Case("nothing", ground, passes=MODE | OWNER | BACKUP),
    Case("for-their-owners-alone", laid(**STORES), passes=MODE | OWNER | BACKUP),
    Case("readable-to-all", laid(mode=0o644, **STORES), fails=MODE, passes=OWNER | BACKUP, fixed=MODE),
    Case("of-a-person", of_ann, fails=OWNER, passes=MODE, fixed=OWNER),
    Case("copies", laid(**{"opt/shop/.env.bak": DOTENV, "opt/shop/.env": DOTENV}), fails=BACKUP, passes=MODE),
    Case(
        "copies-readable-to-all",
        laid(mode=0o644, **{"opt/shop/config.php.save": "<?php $db_password = 'Xu4pL9wQz71mB';\n"}),
        fails=BACKUP | MODE,
        fixed=MODE,
    ),
    Case("handed-out", served(hands_out), fails=WEB_ROOT, passes=MODE),
    Case("denied", served(denies), passes=WEB_ROOT),
    Case("answers-whatever-it-is-asked", served(one_page), passes=WEB_ROOT),
    Case("units-without-secrets", service(PLAIN, variables=PLAIN_SECRETS), passes=UNITS),
    Case("in-the-environment", service(), fails=ENVIRONMENT, passes=FILE | COMMAND),
    Case("sealed-where-it-cannot-be", service(), options={"seal": True}, fails=ENVIRONMENT),
    Case("sealed", service(creds=True), options={"seal": True}, fails=ENVIRONMENT, fixed=ENVIRONMENT),
    Case(
        "sealed-but-for-this-one",
        service(creds=True),
        options={"seal": True, "seal_units": ["other*"]},
        fails=ENVIRONMENT,
    ),
    Case(
        "sealed-with-its-file",
        service(variables=SECRETS, creds=True),
        options={"seal": True},
        fails=ENVIRONMENT | FILE,
        fixed=ENVIRONMENT | FILE,
    ),
    Case(
        "sealed-from-a-file-alone",
        service(PLAIN, variables=SECRETS, mode=0o600, creds=True),
        options={"seal": True},
        fails=FILE,
        passes=ENVIRONMENT,
        fixed=FILE,
    ),
    Case("file-for-root-alone", service(PLAIN, variables=SECRETS, mode=0o600), passes=UNITS),
    Case("file-readable-to-all", service(PLAIN, variables=SECRETS), fails=FILE, passes=ENVIRONMENT, fixed=FILE),
    Case("on-the-command-line", service(TELLING), fails=COMMAND, passes=ENVIRONMENT),
)
