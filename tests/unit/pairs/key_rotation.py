# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of key_rotation: keys and certificates that lie on a machine, whose files were written on a day of our choice."""

from __future__ import annotations

import datetime
import os
import pathlib
import typing as t

from .case import Case
from .machine import Machine
from .ssh_pivoting import sshd

X509 = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "x509"
#: A key made for these tests; it opens nothing.
KEY = """\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACDqg3p5gQZ2bSCFGcXPzcTnQWNYSIpEYK3ai2DZ/ySk7AAAAAAAAAAA
-----END OPENSSH PRIVATE KEY-----
"""
PUBLIC = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOqDenmBBnZtIIUZxc/NxOdBY1hIikRgrdqLYNn/JKTs"
PEM_KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAA\n-----END PRIVATE KEY-----\n"
HOST_KEY = "/etc/ssh/ssh_host_ed25519_key"
DEPLOY = "/home/ci/.ssh/id_ed25519_deploy"

Lay = t.Callable[[Machine], None]


def write(machine: Machine, path: str, text: str | bytes, day: str) -> None:
    """A file of the machine that was last written on this day."""
    machine.write(path, text, mode=0o600)
    when = datetime.datetime.fromisoformat(f"{day}T12:00:00+00:00").timestamp()
    os.utime(machine.path(path), (when, when))


def files(**written: tuple[str | bytes, str]) -> Lay:
    """A machine with these files: path to (text, day)."""

    def lay(machine: Machine) -> None:
        machine.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nci:x:1000:1000::/home/ci:/bin/sh\n")
        machine.write("/etc/group", "root:x:0:\nci:x:1000:\n")
        machine.mkdir("/home/ci/.ssh")
        for path, (text, day) in written.items():
            write(machine, path, text, day)

    return lay


def opened(lines: str, day: str) -> Lay:
    """A machine with an sshd that looks for the keys of ci in a file with these lines."""

    def lay(machine: Machine) -> None:
        sshd()(machine)
        files(**{"/home/ci/.ssh/authorized_keys": (lines, day)})(machine)

    return lay


def nginx(**written: tuple[str | bytes, str]) -> Lay:
    """The same with a running nginx."""

    def lay(machine: Machine) -> None:
        files(**written)(machine)
        machine.unit("nginx.service", process="nginx", sockets=[("tcp", "0.0.0.0", 443)])

    return lay


def certificate(name: str) -> bytes:
    """One of fixtures/x509: rsa-2048 is valid from 2025-05-01 to 2027-05-01, p-256 ended on 2026-04-01."""
    return (X509 / f"{name}.pem").read_bytes()


CI = {"automation": [{"name": "ci"}]}
SITE = "server {\n  listen 443 ssl;\n  ssl_certificate /srv/tls/www.crt;\n  ssl_certificate_key /srv/tls/www.key;\n}\n"
HOST_KEYS, MACHINE_KEYS = frozenset({"host_keys"}), frozenset({"machine_keys"})
TLS_KEYS, CERTIFICATES, API_KEYS = frozenset({"tls_keys"}), frozenset({"certificates"}), frozenset({"api_keys"})

CASES = (
    Case("nothing", files()),
    Case("an old host key", files(**{HOST_KEY: (KEY, "2024-01-01")}), fails=HOST_KEYS),
    Case("a young host key by its file alone", files(**{HOST_KEY: (KEY, "2026-01-01")})),
    Case(
        "a young host key by its comment",
        files(**{HOST_KEY: (KEY, "2026-01-01"), f"{HOST_KEY}.pub": (f"{PUBLIC} root@web-2026-01-01\n", "2026-01-01")}),
        passes=HOST_KEYS,
    ),
    Case(
        "a host key whose comment is younger than its file",
        files(**{HOST_KEY: (KEY, "2024-01-01"), f"{HOST_KEY}.pub": (f"{PUBLIC} root@web-2026-01-01\n", "2026-01-01")}),
        fails=HOST_KEYS,
    ),
    Case(
        "trusted file times",
        files(**{HOST_KEY: (KEY, "2026-01-01"), DEPLOY: (KEY, "2026-01-01")}),
        {"trust_file_times": True},
        passes=HOST_KEYS | MACHINE_KEYS,
    ),
    Case("an old key of a program", files(**{DEPLOY: (KEY, "2024-01-01")}), fails=MACHINE_KEYS),
    Case("one that was copied", files(**{f"{DEPLOY}-2024-01-01": (KEY, "2026-11-01")}), fails=MACHINE_KEYS),
    Case("one that was rotated", files(**{f"{DEPLOY}-2026-05-01": (KEY, "2026-05-01")}), passes=MACHINE_KEYS),
    Case(
        "a key that opens an account of programs, old by its comment",
        opened(f"{PUBLIC} deploy 2024-05-01\n", "2026-05-01"),
        CI,
        fails=MACHINE_KEYS,
    ),
    Case(
        "and a young one",
        opened(f'command="x" {PUBLIC} deploy-2026-05-01\n', "2026-05-01"),
        CI,
        passes=MACHINE_KEYS,
    ),
    Case(
        "a certificate that nginx shows, with its key",
        nginx(
            **{
                "/etc/nginx/sites-enabled/www": (SITE, "2025-05-01"),
                "/srv/tls/www.crt": (certificate("rsa-2048"), "2025-05-01"),
                "/srv/tls/www.key": (PEM_KEY, "2025-05-01"),
            }
        ),
        passes=CERTIFICATES,
    ),
    Case(
        "a key that certbot made",
        files(
            **{
                "/etc/letsencrypt/live/www/privkey.pem": (PEM_KEY, "2025-05-01"),
                "/etc/letsencrypt/live/www/cert.pem": (certificate("rsa-2048"), "2025-05-01"),
                "/etc/letsencrypt/renewal/www.conf": ("[renewalparams]\nauthenticator = webroot\n", "2025-05-01"),
            }
        ),
        passes=CERTIFICATES | TLS_KEYS,
    ),
    Case(
        "an old key with a new certificate",
        nginx(
            **{
                "/etc/nginx/sites-enabled/www": (SITE, "2025-05-01"),
                "/srv/tls/www.crt": (certificate("rsa-2048"), "2025-05-01"),
                "/srv/tls/www.key": (PEM_KEY, "2022-05-01"),
            }
        ),
        passes=CERTIFICATES,
        fails=TLS_KEYS,
    ),
    Case(
        "a certificate that has ended",
        files(**{"/etc/letsencrypt/live/shop/fullchain.pem": (certificate("p-256"), "2026-01-01")}),
        fails=CERTIFICATES,
    ),
    Case(
        "one that ends within the time of warning",
        files(**{"/etc/ssl/private/www.pem": (certificate("rsa-2048"), "2025-05-01")}),
        {"expiry_days": 200},
        fails=CERTIFICATES,
    ),
    Case(
        "a declared key that is due", files(), {"api_keys": [{"name": "pay", "created": "2026-08-01"}]}, fails=API_KEYS
    ),
    Case(
        "one that may live longer",
        files(),
        {"api_keys": [{"name": "pay", "created": "2026-08-01", "rotate_days": 365}]},
        passes=API_KEYS,
    ),
)
