# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Has our dataclasses get their methods when the first value of theirs is made.

Python writes and compiles the methods of a dataclass where the class is defined, 0.4 ms each. A host imports nearly
three hundred of them in each run and makes values of every third.
"""

from __future__ import annotations

import dataclasses
import threading
import typing as t

#: All others are Python's and Ansible's own, and left alone.
OURS = __name__.rpartition("._engine.")[0]

_at_once = dataclasses.dataclass
#: What each class that was put off was decorated with; None once it has its methods.
_options: dict[type, dict[str, t.Any] | None] = {}
_lock = threading.RLock()


class _Fields:
    """Stands for `__dataclass_fields__`, by which dataclasses know each other, bases among them."""

    def __init__(self, owner: type) -> None:
        self._owner = owner

    def __get__(self, instance: object, asked: type) -> t.Any:
        _finish(self._owner)
        return vars(self._owner)["__dataclass_fields__"]


def make_late() -> None:
    """Put off the methods of each class of ours that becomes a dataclass from now on."""
    setattr(dataclasses, "dataclass", _dataclass)  # noqa: B010


def _dataclass(cls: type | None = None, **options: t.Any) -> t.Any:
    def decorate(decorated: type) -> type:
        if decorated.__module__.startswith(OURS) and all(map(_is_plain, decorated.__mro__)):
            return _put_off(decorated, options)
        return t.cast(type, _at_once(**options)(decorated))

    return decorate if cls is None else decorate(cls)


def _is_plain(cls: type) -> bool:
    """Whether it makes its values as `object` does: no exception, no string, no tuple."""
    return cls is object or cls in _options or "__new__" not in vars(cls)


def _put_off(cls: type, options: dict[str, t.Any]) -> type:
    def make(made: type, *_args: t.Any, **_values: t.Any) -> t.Any:
        _finish(cls)
        return object.__new__(made)

    _options[cls] = options
    # Not __init__: between its end and that of the class's own, another thread would find none.
    setattr(cls, "__new__", make)  # noqa: B010
    setattr(cls, "__dataclass_fields__", _Fields(cls))  # noqa: B010
    return cls


def _finish(cls: type) -> None:
    """Make its methods; another thread that wants a value waits until all are there."""
    if _options[cls] is None:
        return
    with _lock:
        options = _options[cls]
        if options is not None:
            _at_once(**options)(cls)
            _options[cls] = None
