# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Encrypted volumes: whether a boot opens each of them with nobody at the console."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence, Finding
from ansible_collections.infosec.principles.plugins.module_utils._formats import tables, unit_names
from ansible_collections.infosec.principles.plugins.module_utils._host import blockdevices as block
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, Missing, NeedsRoot

CRYPTTAB = rule(
    "crypttab",
    "Every encrypted volume is opened at boot with nobody at the console",
    "high",
    "Bind the volume to a TPM (systemd-cryptenroll), a Tang server (clevis) or a key file on an encrypted disk.",
)
TABLE = "/etc/crypttab"
KEYS = ("/etc/cryptsetup-keys.d", "/run/cryptsetup-keys.d")
RANDOM = ("/dev/urandom", "/dev/random", "/dev/hwrng")
#: cryptsetup's own scripts that ask somebody, or something that somebody must plug in or touch.
ASKING = ("askpass", "decrypt_keyctl", "decrypt_gnupg", "decrypt_gnupg-sc", "decrypt_opensc", "decrypt_ssl")
#: LUKS2 tokens that open the volume by themselves.
UNATTENDED = ("clevis", "systemd-tpm2")
STEPS = (
    "one of these, then take it up into the initramfs and try it with somebody at the console:\n"
    "TPM: systemd-cryptenroll --tpm2-device=auto {device}, and tpm2-device=auto in the options of {table}\n"
    'Tang: clevis luks bind -d {device} tang \'{{"url": "http://TANG"}}\', with clevis-initramfs or clevis-systemd\n'
    "if somebody will be at the console at each boot: waive this finding, or noauto where a boot needs no such volume"
)


def assess(host: Host) -> t.Iterator[Finding]:
    """One finding for each entry of crypttab and for each volume that is open without one."""
    rows = _rows(host)
    found = [_judge(host, row) for row in rows]
    found += [_opened(crypt) for crypt in _open_by_hand(host, {row.word(0) for row in rows})]
    yield from found or [Finding(CRYPTTAB, "this host", f.NOT_APPLICABLE, "no encrypted volume is opened at boot")]


def _rows(host: Host) -> list[tables.Row]:
    try:
        return [row for row in tables.rows(host.read_text(TABLE)) if len(row.words) > 1]
    except Missing:
        return []


def _judge(host: Host, row: tables.Row) -> Finding:
    name, options = row.word(0), dict(_pairs(row.word(3)))
    place = Evidence(f"{TABLE}:{row.line}", row.text.strip(), "opened without anybody at the console")
    device = tables.device_path(row.word(1))
    if "noauto" in options:
        return Finding(CRYPTTAB, name, f.PASS, f"{name} is not opened at boot (noauto)", (place,))
    if device.startswith("/dev/") and "nofail" not in options and _is_missing(host, device):
        message = f"{name}: {row.word(1)} does not exist; a boot waits 90 s for it, and what lies on it stays away"
        return Finding(
            CRYPTTAB, name, f.FAIL, message, (place,), remedy=f"correct or remove line {row.line} of {TABLE}"
        )
    how = _key(host, name, row.word(2, "none"), options)
    if how:
        return Finding(CRYPTTAB, name, f.PASS, f"{name} is opened by {how}", (place,))
    return _by_token(host, name, device, place, options)


def _pairs(options: str) -> t.Iterator[tuple[str, str]]:
    for option in options.split(","):
        key, _equals, value = option.partition("=")
        yield key, value


def _is_missing(host: Host, path: str) -> bool:
    return not host.exists(path) and (not path.startswith("/dev/disk/") or host.exists(os.path.dirname(path)))


def _key(host: Host, name: str, key: str, options: t.Mapping[str, str]) -> str:
    """What opens it, as crypttab tells; nothing where somebody has to type."""
    if key in RANDOM:
        return "a random key"
    script = os.path.basename(options.get("keyscript", ""))
    if script and script not in ASKING:
        return f"the key script {script}"
    if "tpm2-device" in options:
        return "the TPM"
    # KEY:DEVICE is a file on a device that is plugged in.
    path = key.partition(":")[0]
    named = [path] if path.startswith("/") else [f"{folder}/{name}.key" for folder in KEYS]
    return next((f"the key file {one}" for one in named if host.exists(one) and not script), "")


def _by_token(host: Host, name: str, device: str, place: Evidence, options: t.Mapping[str, str]) -> Finding:
    """The header may hold a token that opens it. It is root's to read."""
    if {"fido2-device", "pkcs11-uri"} & set(options):
        message = f"{name} is opened by a security token, which may have to be touched; that is not told here"
        return Finding(CRYPTTAB, name, f.NOT_ASSESSED, message, (place,))
    try:
        tokens = _tokens(host, device)
    except NeedsRoot as exc:
        return Finding(CRYPTTAB, name, f.NOT_ASSESSED, f"{name}: {exc}", (place,))
    opening = [token for token in UNATTENDED if token in tokens and (token != "clevis" or _has_clevis(host))]
    if opening:
        return Finding(CRYPTTAB, name, f.PASS, f"{name} is opened by a token in its header ({opening[0]})", (place,))
    message = f"a boot stops and asks at the console for the passphrase of {name}"
    return Finding(CRYPTTAB, name, f.FAIL, message, (place,), remedy=STEPS.format(device=device, table=TABLE))


def _tokens(host: Host, device: str) -> set[str]:
    """The types of LUKS2 tokens in the header; none where there is no such header."""
    from ansible_collections.infosec.principles.plugins.module_utils._formats import luks

    try:
        start = host.read_part(device, luks.BINARY_SIZE)
        header = luks.parse(host.read_part(device, luks.size_to_read(start)))
    except NeedsRoot:
        raise
    except (HostError, luks.LuksError):
        return set()
    return {token for slot in header.keyslots for token in slot.tokens}


def _has_clevis(host: Host) -> bool:
    """What asks Tang or the TPM while booting, in the initramfs or behind it."""
    places = ("/usr/share/initramfs-tools/hooks/clevis", "/usr/lib/dracut/modules.d/*clevis*")
    links = (
        "/etc/systemd/system/*.wants/clevis-luks-askpass.path",
        "/usr/lib/systemd/system/*/clevis-luks-askpass.path",
    )
    return any(host.glob(place) for place in (*places, *links))


def _open_by_hand(host: Host, known: set[str]) -> list[block.Device]:
    """Open LUKS volumes that neither crypttab nor the kernel's command line names."""
    line = _text(host, "/proc/cmdline")
    crypts = [found for found in host.once(block.mapped_devices) if found.encryption.startswith("LUKS")]
    return [crypt for crypt in crypts if crypt.mapped not in known and not _is_asked_for(host, crypt, line)]


def _is_asked_for(host: Host, crypt: block.Device, line: str) -> bool:
    """By the boot loader (dracut, systemd, Arch), a generator, systemd-homed, or udisks for what is plugged in."""
    name = crypt.mapped
    unit = f"/run/systemd/generator/systemd-cryptsetup@{unit_names.escape(name)}.service"
    if host.exists(unit) or name.startswith("home-") or re.fullmatch(r"luks-[0-9a-f-]{36}", name):
        return True
    return name == "root" or any(word in line for word in (f"={name}", f":{name}"))


def _opened(crypt: block.Device) -> Finding:
    seen = Evidence("/sys/class/block", f"{crypt.path} ({crypt.encryption}) is open", f"an entry of {TABLE}")
    message = f"{crypt.mapped} was opened by hand: after a boot it is closed, and what lies on it is away"
    uuid = crypt.uuid.partition("-")[2].partition("-")[2].partition("-")[0]
    plain = "-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:]))
    remedy = f"add to {TABLE}, with a key that opens it unattended: {crypt.mapped} UUID={plain} none luks,nofail"
    return Finding(CRYPTTAB, crypt.mapped, f.FAIL, message, (seen,), remedy=remedy)


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except HostError:
        return ""
