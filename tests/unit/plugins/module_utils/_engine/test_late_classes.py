# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dataclasses that get their methods late are what Python itself makes of them at once."""

from __future__ import annotations

import concurrent.futures
import copy
import dataclasses
import threading
import time
import typing as t

import pytest

from ansible_collections.infosec.principles.plugins.module_utils._engine import late_classes

if t.TYPE_CHECKING:
    late = dataclasses.dataclass
else:
    late = late_classes._dataclass


@pytest.fixture(autouse=True)
def ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_classes, "OURS", __name__)


def is_made(cls: type) -> bool:
    return "__init__" in vars(cls)


def test_the_first_value_makes_the_methods() -> None:
    @late(frozen=True)
    class Point:
        x: int
        tags: tuple[str, ...] = dataclasses.field(default=(), repr=False)

    assert not is_made(Point)
    point = Point(1, tags=("a",))
    assert is_made(Point)
    assert (point, hash(point), point.tags) == (Point(1, ("a",)), hash(Point(1, ("a",))), ("a",))
    assert point != Point(2)
    assert repr(point).endswith("Point(x=1)")
    assert dataclasses.asdict(dataclasses.replace(copy.deepcopy(point), x=3)) == {"x": 3, "tags": ("a",)}
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(point, "x", 4)  # noqa: B010
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        Point()  # type: ignore[call-arg]


def test_bases_and_children() -> None:
    @late
    class Base:
        first: int

        def __post_init__(self) -> None:
            self.first += 1

    @late(order=True)
    class Child(Base):
        second: list[int] = dataclasses.field(default_factory=list)

    class Plain(Child):
        def __init__(self) -> None:
            super().__init__(7)

    assert (Plain().first, Plain().second) == (8, [])
    assert is_made(Child) and Child(1) < Child(2)
    assert Base(1) == Base(1)


def test_fields_can_be_asked_for_before_there_is_a_value() -> None:
    @late
    class Base:
        first: int

    class Plain(Base):
        pass

    assert dataclasses.is_dataclass(Plain)
    assert [field.name for field in dataclasses.fields(Plain)] == ["first"]


def test_what_makes_its_values_in_its_own_way_is_made_at_once() -> None:
    @late
    class Failure(Exception):
        why: str

    assert is_made(Failure) and Failure("no").why == "no"


def test_classes_of_others_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_classes, "OURS", "somewhere.else")

    @late
    class Theirs:
        x: int

    assert is_made(Theirs)


def test_threads_wait_for_the_methods(monkeypatch: pytest.MonkeyPatch) -> None:
    @late
    class Point:
        x: int

    made, began = late_classes._at_once, threading.Event()

    def slowly(**options: t.Any) -> t.Any:
        began.set()
        time.sleep(0.1)
        return made(**options)

    monkeypatch.setattr(late_classes, "_at_once", slowly)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        first = pool.submit(Point, 1)
        began.wait()
        assert (Point(2).x, first.result().x) == (2, 1)


def test_dataclasses_are_late_once_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataclasses, "dataclass", dataclasses.dataclass)
    late_classes.make_late()
    late_classes.make_late()

    @dataclasses.dataclass(frozen=True)
    class Point:
        x: int

    assert not is_made(Point) and Point(1).x == 1
