# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cases of ssh_authentication on the played OpenSSH of three Debians."""

from __future__ import annotations

import typing as t

from .case import Case
from .machine import Machine
from .played_openssh import OpenSSH, public

INCLUDE = "Include /etc/ssh/sshd_config.d/*.conf\n"
DEBIAN = f"{INCLUDE}KbdInteractiveAuthentication no\nUsePAM yes\nSubsystem\tsftp\t/usr/lib/openssh/sftp-server\n"
#: All that the default policy asks for, as somebody may have written it himself.
KEYS = "PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin no\nLogLevel VERBOSE\n"
SFTP = "Subsystem sftp internal-sftp -f AUTHPRIV -l INFO\n"
ETM = "hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com,umac-128-etm@openssh.com"
MACS, SIZE = f"MACs {ETM},hmac-sha2-512\n", "RequiredRSASize 3072\n"
KEX = "KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256,diffie-hellman-group-exchange-sha256\n"
CLEAN = KEYS + SFTP + MACS + SIZE + KEX
CLIENT = f"Include /etc/ssh/ssh_config.d/*.conf\nHost *\n HashKnownHosts yes\n {MACS} {KEX}"
DEBIANS_CLIENT = "Include /etc/ssh/ssh_config.d/*.conf\nHost *\n HashKnownHosts yes\n"
GROUP = "20240101000000 2 6 100 {} 2 F{}\n"
GOOD_GROUPS = "# Time Type Tests Tries Size Generator Modulus\n" + GROUP.format(3071, "A") + GROUP.format(8191, "B")
GROUPS = GOOD_GROUPS.replace("Modulus\n", "Modulus\n" + GROUP.format(2047, "C") + GROUP.format(1535, "D"))
ALL_KEYS = {"rsa": 4096, "ecdsa": 0, "ed25519": 0}

SSHD = frozenset({"keys_only", "root_login", "log_level", "sftp_log", "kex", "macs", "rsa_size"})
QUIET = frozenset({"empty_passwords", "ciphers", "host_key_algorithms", "user_key_algorithms", "host_keys"})


def host(
    config: str = CLEAN,
    drop_ins: t.Mapping[str, str] | None = None,
    *,
    debian: str = "12",
    keys: t.Mapping[str, int] | None = None,
    moduli: str = GOOD_GROUPS,
    client: str = CLIENT,
) -> t.Callable[[Machine], None]:
    """A machine with this sshd and an account `ann` who has a key."""

    def lay(machine: Machine) -> None:
        accounts(machine)
        OpenSSH(machine, debian).lay(config, drop_ins or {}, ALL_KEYS if keys is None else keys)
        machine.write("/etc/ssh/ssh_config", client)
        if moduli:
            machine.write("/etc/ssh/moduli", moduli)

    return lay


def accounts(machine: Machine) -> None:
    """root, and ann, who has a key and may become root."""
    machine.write("/etc/passwd", "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n")
    machine.write("/etc/group", "root:x:0:\nann:x:1000:\n")
    machine.write("/etc/sudoers", "ann ALL=(ALL:ALL) ALL\n", mode=0o440)
    machine.write("/home/ann/.ssh/authorized_keys", public("ed25519"), mode=0o600)


def nothing(machine: Machine) -> None:
    """No OpenSSH at all."""
    accounts(machine)


def fails(*rules: str) -> frozenset[str]:
    return frozenset(rules)


STRICT = {"profile": "strict"}
CASES = (
    Case("all is well", host(), passes=SSHD | QUIET | {"moduli", "client"}),
    Case(
        "Debian 12 as it comes",
        host(DEBIAN, moduli=GROUPS, client=DEBIANS_CLIENT),
        fails=SSHD | {"moduli", "client"},
        passes=QUIET,
        fixed=SSHD | {"moduli", "client"},
    ),
    Case(
        "Debian 11 as it comes",
        host(DEBIAN, debian="11", moduli=GROUPS, client=DEBIANS_CLIENT),
        fails=SSHD - {"rsa_size"} | {"moduli", "client", "host_key_algorithms", "user_key_algorithms"},
        fixed=SSHD - {"rsa_size"} | {"moduli", "client", "host_key_algorithms", "user_key_algorithms"},
    ),
    Case(
        "Debian 13 as it comes",
        host(DEBIAN, debian="13", moduli=GROUPS, client=DEBIANS_CLIENT),
        fails=SSHD - {"kex"} | {"client"},
        fixed=SSHD - {"kex"} | {"client"},
    ),
    Case(
        "strict on Debian 12",
        host(moduli=GROUPS),
        STRICT,
        fails=fails("kex", "macs", "host_key_algorithms"),
        passes=QUIET - {"host_key_algorithms"},
        fixed=fails("kex", "macs", "host_key_algorithms"),
    ),
    Case(
        "a weak cipher",
        host(CLEAN + "Ciphers aes256-gcm@openssh.com,3des-cbc\n"),
        fails=fails("ciphers"),
        fixed=fails("ciphers"),
    ),
    Case(
        "one user has an empty password",
        host(CLEAN + "Match User ann\nPermitEmptyPasswords yes\n"),
        fails=fails("empty_passwords"),
        fixed=fails("empty_passwords"),
    ),
    Case(
        "a first drop-in lets root in, and ours is there",
        host(
            INCLUDE + CLEAN,
            {
                "00-a.conf": "Match User root\nPermitRootLogin yes\n",
                "00-infosec-2-authentication.conf": "# Policy: profile mozilla, root_login never\n"
                "Match all\n    PermitRootLogin no\n",
            },
        ),
        fails=fails("root_login", "overridden"),
        fixed=fails("root_login", "overridden"),
    ),
    Case(
        "put right by this control",
        host(
            INCLUDE + CLEAN.replace("PermitRootLogin no\n", ""),
            {
                "00-infosec-2-authentication.conf": "# Policy: profile mozilla, root_login never\n"
                "Match all\n    PermitRootLogin no\n",
                "50-cloud-init.conf": "Match User root\nPermitRootLogin yes\n",
            },
        ),
        passes=fails("root_login", "overridden", "kex"),
    ),
    Case(
        "written for another profile",
        host(
            INCLUDE + CLEAN,
            {"00-infosec-2-authentication.conf": f"# Policy: profile strict, root_login never\nMACs {ETM}\n"},
        ),
        fails=fails("kex"),
        passes=fails("macs", "overridden"),
        fixed=fails("kex"),
    ),
    Case("no key of ed25519", host(keys={"rsa": 4096}), fails=fails("host_keys"), fixed=fails("host_keys")),
    Case(
        "no key of RSA, and the lines name others",
        host(CLEAN + "HostKey /etc/ssh/ssh_host_ed25519_key\n", keys={"ed25519": 0}),
        fails=fails("host_keys"),
        fixed=fails("host_keys"),
    ),
    Case(
        "a short host key", host(keys={"rsa": 2048, "ed25519": 0}), fails=fails("host_keys"), passes=fails("rsa_size")
    ),
    Case(
        "a short host key holds the size back",
        host(CLEAN.replace(SIZE, ""), keys={"rsa": 2048, "ed25519": 0}),
        fails=fails("host_keys", "rsa_size"),
    ),
    Case(
        "Mozilla's path of the sftp server",
        host(CLEAN.replace("internal-sftp", "/usr/lib/ssh/sftp-server")),
        fails=fails("sftp_log"),
        fixed=fails("sftp_log"),
    ),
    Case("no groups", host(moduli=""), fails=fails("moduli")),
    Case("short groups alone", host(moduli=GROUP.format(2047, "C")), fails=fails("moduli")),
    Case(
        "an agent is forwarded",
        host(client="ForwardAgent yes\n" + CLIENT),
        fails=fails("client"),
        fixed=fails("client"),
    ),
    Case(
        "root from the host of programs",
        host(CLEAN.replace("PermitRootLogin no", "PermitRootLogin yes")),
        {"automation": [{"name": "root", "from": ["192.0.2.77"]}]},
        fails=fails("root_login"),
        fixed=fails("root_login"),
    ),
    Case(
        "root by key",
        host(CLEAN.replace("PermitRootLogin no", "PermitRootLogin yes")),
        {"root_login": "key"},
        fails=fails("root_login"),
        fixed=fails("root_login"),
    ),
    Case("no OpenSSH", nothing),
)
