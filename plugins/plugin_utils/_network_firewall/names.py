# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Names and remarks that every firewall takes, made from whatever a person wrote."""

from __future__ import annotations

import collections
import hashlib
import re
import typing as t

# The shortest limit is iptables' (a chain of aerleon has 24 characters for its term), less "-tcp4".
_LABEL = 19
_DIGEST = 6
# Nothing that ends a remark, a string or a line, or expands, in any of the languages: among them are Terraform's "${",
# Junos' "*/", Cisco's "?" and the quote of nftables.
_UNSAFE = re.compile(r"[^A-Za-z0-9 .,:@/_()+-]")
# AWS allows 255, nftables 128, an OpenStack rule 255.
_REMARK = 120


def labels(services: t.Sequence[str]) -> dict[str, str]:
    """A label for each name: at most 19 of a-z, 0-9 and dashes, a letter first, no two alike.

    What is too long, or would be another's, ends in a digest of the name.
    Raises ValueError where even these are alike.
    """
    plain = {name: _label(name) for name in services}
    count = collections.Counter(plain.values())
    made = {
        name: text if count[text] == 1 and len(text) <= _LABEL else _shortened(text, name)
        for name, text in plain.items()
    }
    if len(set(made.values())) < len(made):
        raise ValueError("names of services are too much alike; give one of them another name")
    return made


def remark(service: t.Mapping[str, t.Any]) -> str:
    """Which service this is, whose, and until when it is good."""
    text = f"{service['name']} ({service['owner']}, review by {service['review_by']})"
    return safe(text if len(text) <= _REMARK else service["name"])


def safe(text: str) -> str:
    """The text as every language takes it: one line, at most 120 characters."""
    return _UNSAFE.sub("_", text)[:_REMARK]


def _label(name: str) -> str:
    text = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
    return text if text[:1].isalpha() else f"s-{text}".rstrip("-")


def _shortened(text: str, name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST]
    return f"{text[: _LABEL - _DIGEST - 1].rstrip('-')}-{digest}"
