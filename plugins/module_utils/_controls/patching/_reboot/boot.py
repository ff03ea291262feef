# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Whether the next boot finds what it loads: the default entry's kernel, initrd and modules."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls.patching._reboot.rules import rule
from ansible_collections.infosec.principles.plugins.module_utils._engine import finding as f
from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._engine.later import later
from ansible_collections.infosec.principles.plugins.module_utils._host import container
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host, HostError, NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

if t.TYPE_CHECKING:
    from ansible_collections.infosec.principles.plugins.module_utils._formats import boot_menus
    from ansible_collections.infosec.principles.plugins.module_utils._formats.boot_menus import Entry
else:
    boot_menus = later("_formats.boot_menus")

KERNEL = rule(
    "kernel",
    "The kernel that the next boot loads is there, with its initrd and its modules",
    "high",
    "Make the file again (update-initramfs -u -k all, dracut -f --regenerate-all), then the menu (update-grub).",
)
RULES = (KERNEL,)
OPTIONS: dict[str, dict[str, t.Any]] = {}
SUBJECT = "next boot"
GRUB = ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg")
ESP = ("/boot/efi", "/efi", "/boot")
EXTLINUX = ("/boot/extlinux/extlinux.conf", "/extlinux/extlinux.conf", "/boot/syslinux/syslinux.cfg")
#: What a kernel finds without an initrd (Documentation/admin-guide/kernel-parameters: root=).
_PLAIN_ROOT = re.compile(r"\broot=(?:/dev/(?:sd|vd|xvd|nvme|mmcblk|nfs)|PARTUUID=)")
#: update-initramfs and dracut write beside and rename; what is left beside was not finished.
UNFINISHED = ("/boot/initrd.img-*.new", "/boot/initramfs-*.img.tmp", "/boot/initrd.img-*.dpkg-bak.new")


@dataclasses.dataclass(frozen=True)
class Menu:
    """A loader's entries and the one that it takes by itself."""

    source: str
    entries: tuple[Entry, ...]
    default: Entry


def assess(host: Host, options: Options) -> t.Iterator[f.Finding]:
    """One finding about the entry that the next boot takes."""
    runtime = host.once(container.read)
    if runtime:
        yield f.Finding(KERNEL, SUBJECT, f.NOT_APPLICABLE, f"a container ({runtime}) runs on the kernel of its host")
        return
    menu = read(host)
    yield _judge(host, menu) if menu else _without_menu(host)


def _without_menu(host: Host) -> f.Finding:
    images = [path for esp in ESP for path in host.glob(f"{esp}/EFI/Linux/*.efi")]
    if images:
        found = tuple(f.Evidence(path, "a unified kernel image") for path in images)
        return f.Finding(
            KERNEL, SUBJECT, f.PASS, "a unified kernel image, which carries its own initrd, is there", found
        )
    message = "no loader is known here (GRUB, systemd-boot, extlinux): the kernel may come from outside of this machine"
    return f.Finding(KERNEL, SUBJECT, f.NOT_ASSESSED, message)


def _judge(host: Host, menu: Menu) -> f.Finding:
    title = printable(menu.default.title)
    faults = list(_faults(host, menu))
    others = [entry for entry in menu.entries if entry != menu.default and any(_missing(host, entry))]
    aside = tuple(f.Evidence(menu.source, f"also broken: {printable(entry.title)}") for entry in others)
    if faults:
        message = f"the next boot takes {title!r} and will not come up: {'; '.join(one.found for one in faults)}"
        return f.Finding(KERNEL, SUBJECT, f.FAIL, message, (*faults, *aside))
    loads = ", ".join((menu.default.kernel, *menu.default.initrds)) or "another loader"
    evidence = (f.Evidence(menu.source, f"{title}: {printable(loads)}"), *aside)
    return f.Finding(KERNEL, SUBJECT, f.PASS, f"the next boot takes {title!r}, of which all is there", evidence)


def _faults(host: Host, menu: Menu) -> t.Iterator[f.Evidence]:
    entry = menu.default
    for path, why in _missing(host, entry):
        yield f.Evidence(menu.source, f"{printable(path)} {why}", "a file that is there and not empty")
    if not entry.kernel:
        return
    siblings = any(other.initrds for other in menu.entries)
    if not entry.initrds and (siblings or not _PLAIN_ROOT.search(entry.options)):
        yield f.Evidence(menu.source, "no initrd, which finds the root file system", "an initrd")
    version = _version(entry.kernel)
    if version and host.listdir("/lib/modules") and not host.exists(f"/lib/modules/{version}"):
        yield f.Evidence("/lib/modules", f"no modules of {printable(version)}", f"/lib/modules/{printable(version)}")
    for pattern in UNFINISHED:
        for path in host.glob(pattern):
            yield f.Evidence(path, f"{path} was not finished (no space left?)", "no such file")


def _missing(host: Host, entry: Entry) -> t.Iterator[tuple[str, str]]:
    for path in filter(None, (entry.kernel, *entry.initrds)):
        # A variable of the loader's, or a file of another system, cannot be looked up.
        if "$" not in path and path.startswith("/"):
            sizes = [status.st_size for status in map(host.stat, _places(path)) if status]
            if not any(sizes):
                yield path, "is empty" if sizes else "is missing"


def _places(path: str) -> t.Iterator[str]:
    """Where a path below the loader's root may lie: in /boot, in a subvolume of btrfs, on the EFI system partition."""
    inner = re.sub(r"^/@[^/]*(?=/)", "", path)
    for top in ("", *ESP):
        yield f"{top}{inner}"


def _version(kernel: str) -> str:
    match = re.search(r"(?:vmlinu[xz]|kernel|Image)-(\d[^/]*)$", kernel)
    return match[1] if match else ""


# Which menu


def read(host: Host) -> Menu | None:
    """The menu of the loader that this machine has; GRUB's menu counts before entries that lie beside it."""
    for path in GRUB:
        if host.exists(path):
            return _grub(host, path)
    entries = list(_bls(host))
    if entries:
        return _bls_menu(host, entries)
    for path in EXTLINUX:
        if host.exists(path):
            found, default = boot_menus.extlinux(host.read_text(path))
            return _menu(path, found, default)
    return None


def _grub(host: Host, path: str) -> Menu | None:
    text = host.read_text(path)
    environment = boot_menus.grub_environment(_text(host, f"{path.rpartition('/')[0]}/grubenv"))
    entries = boot_menus.grub_entries(text)
    if re.search(r"(?m)^\s*blscfg\b", text):
        entries = [*boot_menus.newest_first(_bls(host)), *entries]
    return _menu(path, entries, boot_menus.grub_default(text, environment))


def _bls_menu(host: Host, entries: t.Sequence[Entry]) -> Menu | None:
    texts = (_text(host, f"{esp}/loader/loader.conf") for esp in ESP)
    default = next((match[1] for text in texts for match in re.finditer(r"(?m)^default\s+(\S+)", text)), "0")
    return _menu("loader/entries", boot_menus.newest_first(entries), default)


def _bls(host: Host) -> t.Iterator[Entry]:
    for path in dict.fromkeys(path for esp in reversed(ESP) for path in host.glob(f"{esp}/loader/entries/*.conf")):
        yield boot_menus.bls_entry(path.rpartition("/")[2], host.read_text(path))


def _menu(source: str, entries: t.Sequence[Entry], default: str) -> Menu | None:
    entry = boot_menus.chosen(entries, default)
    return Menu(source, tuple(entries), entry) if entry else None


def _text(host: Host, path: str) -> str:
    try:
        return host.read_text(path)
    except NeedsRoot:
        raise
    except HostError:
        return ""
