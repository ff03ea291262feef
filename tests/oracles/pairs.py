# Copyright (c) 2026, the infosec.principles authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pairs of versions for the oracles of this folder, each an ecosystem's own implementation of its order.

    python tests/oracles/pairs.py npm > pairs; node tests/oracles/npm.js < pairs | paste - pairs > FIXTURE

FIXTURE is tests/unit/fixtures/versions/ECOSYSTEM-PROGRAM-VERSION.txt: how they compare (``!``: one is no version), and both.
"""

from __future__ import annotations

import random
import sys
import typing as t

#: What versions are made of; {n} a number. The second tuple holds endings that may come twice.
PARTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "pypi": (
        ("{n}", "{n}.{n}", "{n}.{n}.{n}", "1!{n}.{n}", "v{n}.{n}.{n}.{n}"),
        (
            "",
            "",
            "",
            "a{n}",
            "b{n}",
            "rc{n}",
            ".dev{n}",
            ".post{n}",
            "-{n}",
            "+local.{n}",
            "+abc",
            "c{n}",
            "-alpha",
            ".x",
        ),
    ),
    "npm": (
        ("{n}.{n}.{n}",),
        (
            "",
            "",
            "",
            "-alpha",
            "-alpha.{n}",
            "-beta.{n}.x",
            "-{n}",
            "-rc{n}",
            "+build.{n}",
            "-0.3.{n}",
            "-x-y-z.--",
            ".{n}",
        ),
    ),
    "gem": (
        ("{n}", "{n}.{n}", "{n}.{n}.{n}", "{n}.0", "{n}.0.0", "{n}.{n}.{n}.{n}"),
        ("", "", "", ".pre", ".rc{n}", ".a.{n}", ".beta{n}", "-x86", "-java", ".0", ".b", ".pre.{n}.0", "a"),
    ),
    "composer": (
        ("{n}", "{n}.{n}", "{n}.{n}.{n}", "v{n}.{n}.{n}.{n}", "2024.0{n}.1{n}", "202401{n}"),
        (
            *(
                "",
                "",
                "",
                "-alpha{n}",
                "-BETA.{n}",
                "-RC{n}",
                "rc{n}",
                "-dev",
                "-patch{n}",
                "p{n}",
                ".x-dev",
                "-stable",
            ),
            *("b", "a{n}", "+build.{n}", "@dev", " as 1.0.{n}", "-beta{n}-dev", "pl{n}", "-what"),
        ),
    ),
    "maven": (
        ("{n}", "{n}.{n}", "{n}.{n}.{n}", "{n}.0", "{n}.0.0", "{n}-{n}", "{n}.{n}-{n}", "v{n}"),
        (
            *(
                "",
                "",
                "",
                "-SNAPSHOT",
                "-alpha-{n}",
                "a{n}",
                "-b{n}",
                "m{n}",
                "-rc{n}",
                ".Final",
                "-ga",
                "-cr{n}",
                ".RELEASE",
            ),
            *(
                "-jre",
                "-android",
                "-sp{n}",
                "-",
                ".",
                "-0",
                ".xyz",
                "-xyz{n}",
                "final",
                "-M{n}",
                "-redhat-{n}",
                ".GA",
                "-x.0.{n}",
            ),
        ),
    ),
    "go": (
        ("{n}.{n}.{n}",),
        (
            "",
            "",
            "",
            "-0.2020062221362{n}-75b288015ac9",
            "-rc.{n}",
            "+incompatible",
            "-beta{n}",
            "-alpha.{n}.{n}",
            "-{n}.a",
        ),
    ),
    "cargo": (
        ("{n}.{n}.{n}",),
        ("", "", "", "-alpha", "-alpha.{n}", "-beta.{n}", "-rc.{n}", "+{n}", "-pre", "-{n}", "-a.b.{n}", "-0a.{n}"),
    ),
}
_NUMBERS = ("0", "0", "1", "1", "2", "3", "9", "10", "11", "20", "100")


def version(parts: tuple[tuple[str, ...], tuple[str, ...]], dice: random.Random) -> str:
    """One, mostly well-formed."""
    heads, tails = parts
    text = dice.choice(heads) + dice.choice(tails) + (dice.choice(tails) if dice.random() < 0.3 else "")
    while "{n}" in text:
        text = text.replace("{n}", dice.choice(_NUMBERS), 1)
    return text


def pairs(ecosystem: str, count: int) -> t.Iterator[tuple[str, str]]:
    """Always the same ones. Every second pair begins alike, so that the endings decide."""
    dice = random.Random(f"{ecosystem} versions")
    for number in range(count):
        one = version(PARTS[ecosystem], dice)
        other = version(PARTS[ecosystem], dice)
        if number % 2:
            tail = version((("",), PARTS[ecosystem][1]), dice)
            other = one + tail if dice.random() < 0.5 else one.split(".")[0] + other[1:]
        yield one, other


if __name__ == "__main__":
    for pair in pairs(sys.argv[1], 6000):
        print("\t".join(pair))
