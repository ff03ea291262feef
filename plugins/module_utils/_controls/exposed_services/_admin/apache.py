# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Apache httpd: whom it lets in to a path, and how a path is shut in one virtual host, whatever its sections say.

Sections are merged in the order of the manual ("Configuration Sections", How the sections are merged): directories from
the shortest on with their .htaccess, files, locations, and `<If>` last of all, each of the main server before those of
the virtual host. So the `<If>` in the last `<LocationMatch>` of the virtual host outweighs all others, those in
.htaccess too. An Alias in the main server counts in every virtual host, and each of them is shut by itself.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._controls._databases import networks
from ansible_collections.infosec.principles.plugins.module_utils._controls._databases.networks import AddressSet
from ansible_collections.infosec.principles.plugins.module_utils._controls._servers import Refused
from ansible_collections.infosec.principles.plugins.module_utils._controls._web import common
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.apache import Instance, Site
from ansible_collections.infosec.principles.plugins.module_utils._controls._web.vhosts import Vhost
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin import (
    apache_access,
    doors,
    spellings,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.doors import Door
from ansible_collections.infosec.principles.plugins.module_utils._controls.exposed_services._admin.model import (
    HEADER,
    Admission,
    Found,
    Kept,
    Shut,
)
from ansible_collections.infosec.principles.plugins.module_utils._engine.change import Change
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Evidence
from ansible_collections.infosec.principles.plugins.module_utils._formats.apache_conf import Directive
from ansible_collections.infosec.principles.plugins.module_utils._formats.passages import Edit
from ansible_collections.infosec.principles.plugins.module_utils._host.host import Host
from ansible_collections.infosec.principles.plugins.module_utils._host.processes import printable

PRODUCT = "Apache httpd"
#: For those turned away all the sections before it do not count, and no page of the site is sent instead.
INSIDE = (
    "        AuthMerging Off",
    "        <IfModule mod_access_compat.c>",
    "            Satisfy All",
    "            Order Deny,Allow",
    "        </IfModule>",
    "        Require all denied",
    "        ErrorDocument 403 default",
)
#: How a client that is declared stands in our section.
_CLIENT = re.compile(r"-R '([^']+)'")
_END = re.compile(r"^[ \t]*</VirtualHost>", re.IGNORECASE | re.MULTILINE)
#: How many other virtual hosts with the same Alias are named.
NAMED = 10


# Who gets in


def admission(host: Host, found: Found) -> Admission:
    """What the effective configuration says: our own section, Require, Allow, and whose word on addresses counts."""
    site: Site = found.at.site
    ours, lines = _by_ours(site, found.path)
    admitted, why = apache_access.admitted(host, site, found.path)
    narrow = admitted & ours
    spoofed = _believes_all(site)
    if spoofed and narrow:
        narrow, lines = networks.EVERYBODY, (*lines, spoofed)
    return doors.admission(found, narrow, (*_said((*why, *lines)), *_elsewhere(found)))


def left(found: Found) -> AddressSet | None:
    """Whom sections of ours leave; None where none of them is about the path."""
    admitted, lines = _by_ours(found.at.site, found.path)
    return admitted if lines else None


def kept(host: Host, at: Vhost) -> tuple[Kept, ...]:
    """What sections of ours shut in its virtual host."""
    sections = [one for one in at.site.block if _is_ours(one)]
    texts = ((common.text(host, common.place(one.place)[0]), printable(one.place)) for one in sections)
    return tuple(one for text, place in texts for one in doors.kept(text, place))


def _said(found: t.Iterable[Directive]) -> tuple[Evidence, ...]:
    words = ((printable(one.place), printable(" ".join((one.name, *one.arguments)))[:200]) for one in found)
    return tuple(dict.fromkeys(Evidence(*one) for one in words))


def _by_ours(site: Site, path: str) -> tuple[AddressSet, tuple[Directive, ...]]:
    """Whom the sections of ours leave."""
    sections = [one for one in site.block if _is_ours(one) and spellings.fits("".join(one.arguments), path)]
    admitted = networks.EVERYBODY
    for one in sections:
        conditions = " ".join(word for block in one.block or () for word in block.arguments)
        admitted &= AddressSet.of(_CLIENT.findall(conditions))
    return admitted, tuple(sections)


def _is_ours(one: Directive) -> bool:
    return one.name == "locationmatch" and apache_access.OURS in one.place


def _believes_all(site: Site) -> Directive | None:
    """Where any client is believed which address it has: a header is named, and no proxy (mod_remoteip)."""
    header = site.last("remoteipheader")
    names = ("remoteipinternalproxy", "remoteiptrustedproxy", "remoteipinternalproxylist", "remoteiptrustedproxylist")
    return None if any(site.last(name) for name in names) else header


def _elsewhere(found: Found) -> tuple[Evidence, ...]:
    """The other virtual hosts that have the same files at that path, since an Alias of the main server counts there."""
    alias = apache_access.alias(found.at.site.main, found.path)
    instance: Instance = found.at.instance
    others = [site for site in instance.sites if site.section and site.section is not found.at.site.section]
    if not alias or not others:
        return ()
    names = ", ".join(f"{one.title} ({printable(one.place)})" for one in others[:NAMED])
    said = f"{alias.name} {' '.join(alias.arguments)} counts in these virtual hosts too: {names}"
    return (Evidence(printable(alias.place), printable(said)[:1000]),)


# How it is shut


def plan(host: Host, shuts: t.Sequence[Shut]) -> tuple[Change, ...]:
    """What shuts interfaces of one Apache, has it taken up and proves it. Raises Refused."""
    instance: Instance = shuts[0].found.at.instance
    common.refuse_broken(host, PRODUCT, instance.check)
    files: dict[str, str] = {}
    edits: dict[str, list[Edit]] = {}
    proofs: list[Change] = []
    for door in doors.doors(shuts, lambda found: found.at.site.place):
        _refuse_unknown_clients(door)
        path = _path(instance, door)
        files[path] = snippet(door)
        _include(host, door.found.at.site, path, edits)
        proofs += doors.proofs(host, door)
    own = [change for path, text in sorted(files.items()) for change in common.own_file(host, path, text)]
    written = (*own, *common.edits(host, edits))
    return (*written, *common.take_up(instance.run, PRODUCT, instance.check), *proofs) if written else ()


def _path(instance: Instance, door: Door) -> str:
    """The file that shuts it already; else in the folder that is read anyway where there is no virtual host, and
    beside it where one has to include it.
    """
    site: Site = door.found.at.site
    if site.section is None and any(one.section for one in instance.sites):
        raise Refused(
            f"{printable(door.found.subject)}: it is served by the main server beside virtual hosts, which would take "
            f"the section too; give port {door.found.at.port} a <VirtualHost> of its own, reload and run again"
        )
    asked = spellings.pattern(door.path)
    for one in site.block:
        if _is_ours(one) and one.arguments == (asked,):
            return common.place(one.place)[0]
    where = "" if site.section else f"/{instance.layout.snippets}"
    mark = door.mark(site.place.rpartition(":")[0], *site.names, *map(str, site.ports))
    return f"{instance.layout.root}{where}/infosec-admin-{mark}.conf"


def snippet(door: Door) -> str:
    """The section. Whoever is declared is asked for all that the site asks of them (a password), and nothing less."""
    strangers = " && ".join(f"! -R '{one}'" for one in door.clients) or "true"
    section = f'<LocationMatch "{spellings.pattern(door.path)}">'
    lines = (section, f'    <If "{strangers}">', *INSIDE, "    </If>", "</LocationMatch>")
    return "".join((HEADER, f"# {door.says}\n", *(f"{line}\n" for line in lines)))


def _include(host: Host, site: Site, path: str, edits: dict[str, list[Edit]]) -> None:
    """The line that reads it, the last of the virtual host; nothing where there is none, or it has the line."""
    if site.section is None or any(one.place.startswith(f"{path}:") for one in site.block):
        return
    file, number = common.place(site.place)
    text = common.text(host, file)
    end = _END.search(text, common.line(text, number)[0])
    if not end:
        raise Refused(f"{printable(site.place)}: the end of this virtual host is not in its file")
    edits.setdefault(file, []).append(Edit(end.start(), end.start(), f"    Include {path}\n"))


def _refuse_unknown_clients(door: Door) -> None:
    header = _believes_all(door.found.at.site) if door.clients else None
    if header:
        raise Refused(
            f"{printable(header.place)}: any client is believed which address it has, so no address tells who comes; "
            "name your proxies by RemoteIPInternalProxy, reload Apache and run again"
        )
