# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""What the options want of one site: those for all, and what `sites` has for its name."""

from __future__ import annotations

import dataclasses
import fnmatch
import re
import typing as t

from ansible_collections.infosec.principles.plugins.module_utils._engine.control import Options
from ansible_collections.infosec.principles.plugins.module_utils._formats import csp

SAMEORIGIN, DENY = "SAMEORIGIN", "DENY"
REPORT_ONLY, ENFORCE = "report_only", "enforce"
#: What can stand in a configuration of each server in double quotes, and is not taken for a variable there.
_PLAIN = re.compile(r"[ !#%-\[\]-~]*")


@dataclasses.dataclass(frozen=True)
class Policy:
    """The settings of one site; see the options of the module."""

    csp: str
    csp_mode: str
    framed_by: tuple[str, ...]
    frame_options: str
    hsts_max_age: int
    hsts_include_subdomains: bool
    hsts_preload: bool
    referrer_policy: str
    minimum_score: int
    enforce: bool = True

    @property
    def ancestors(self) -> str:
        """Who may frame it, as a directive. partners: beside those of the option."""
        return ancestors(self.frame_options, self.framed_by)

    @property
    def full(self) -> str:
        """The policy that somebody gave, with who may frame the site; "" for none."""
        given = self.csp.strip().rstrip(";").rstrip()
        if not given:
            return ""
        return given if csp.frame_ancestors([given]) is not None else f"{given}; {self.ancestors}"

    @property
    def hsts(self) -> str:
        """The header."""
        more = (("; includeSubDomains", self.hsts_include_subdomains), ("; preload", self.hsts_preload))
        return f"max-age={self.hsts_max_age}" + "".join(text for text, on in more if on)


def ancestors(frame_options: str, framed_by: t.Iterable[str]) -> str:
    """Who may frame a site, as a directive."""
    own = () if frame_options == DENY else ("'self'",)
    return " ".join(("frame-ancestors", *(dict.fromkeys((*own, *framed_by)) or ("'none'",))))


def of(options: Options, name: str) -> Policy:
    """The first of `sites` that has the name outweighs what is for all. Raises ValueError for what cannot be sent."""
    own: dict[str, t.Any] = next((one for one in options["sites"] or () if _has(one["names"], name)), {})
    fields = [field.name for field in dataclasses.fields(Policy) if field.name != "enforce"]
    values = {field: options[field] if own.get(field) is None else own[field] for field in fields}
    policy = Policy(**{**values, "framed_by": tuple(values["framed_by"])}, enforce=own.get("enforce") is not False)
    for text in (policy.csp, *policy.framed_by):
        if not _PLAIN.fullmatch(text):
            raise ValueError(
                "csp and framed_by take printable ASCII without double quotes, backslashes and dollar signs"
            )
    if any(not one or re.search(r"[\s;,]", one) for one in policy.framed_by):
        raise ValueError("framed_by takes one source of a policy each, such as https://partner.example.org")
    return policy


def fault(options: Options) -> str:
    """What is wrong with the options; "" where they can be sent."""
    try:
        for name in ("", *(name for one in options["sites"] or () for name in one["names"])):
            of(options, name)
    except ValueError as exc:
        return str(exc)
    return ""


def _has(names: t.Iterable[str], name: str) -> bool:
    return any(fnmatch.fnmatchcase(name.lower(), one.lower()) for one in names)
