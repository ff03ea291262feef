# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""A finished report, and the folder that it is written to."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import itertools
import os
import pathlib
import typing as t

from ansible_collections.infosec.principles.plugins.plugin_utils._report.model import Run, Store
from ansible_collections.infosec.principles.plugins.plugin_utils._report.score import Reach, Summary


@dataclasses.dataclass(frozen=True)
class Report:
    """What a writer needs: the head, the records and their counts."""

    run: Run
    store: Store

    @functools.cached_property
    def summary(self) -> Summary:
        """The counts, made when first asked for."""
        return Summary(self.store)

    @functools.cached_property
    def reach(self) -> Reach:
        """The pairs of prove.yml, counted when first asked for."""
        return Reach.of(self.store)


#: A writer streams one report as text.
Writer = t.Callable[[Report, t.TextIO], None]
#: One that writes several files: their names and texts.
FolderWriter = t.Callable[[Report], t.Iterable[tuple[str, str]]]


class ReportError(Exception):
    """The report could not be written; the message says where and why."""


def publish(
    report: Report,
    folder: pathlib.Path,
    writers: t.Mapping[str, Writer],
    folders: t.Mapping[str, FolderWriter] | None = None,
) -> pathlib.Path:
    """Write one file per entry of writers (name to writer) into a new folder named by the run's time; return it.

    folders: what goes into folders of their own there.

    folder/latest leads there once all files are complete. Only the user can read them: they list what is weak where.
    """
    try:
        target = _new_folder(folder, report.run.time)
        for name, write in writers.items():
            with open(target / name, "w", encoding="utf-8", newline="\n") as stream:
                write(report, stream)
        for name, write_all in (folders or {}).items():
            _fill(target / name, write_all(report))
        _point_latest(folder, target)
    except OSError as error:
        raise ReportError(f"Cannot write the report to {folder}: {error.strerror}: {error.filename}") from error
    return target


def _fill(folder: pathlib.Path, files: t.Iterable[tuple[str, str]]) -> None:
    folder.mkdir(mode=0o700)
    for name, text in files:
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _new_folder(folder: pathlib.Path, time: datetime.datetime) -> pathlib.Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = time.strftime("%Y-%m-%dT%H%M%SZ")
    for attempt in itertools.count(1):
        target = folder / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            target.mkdir(mode=0o700)
        except FileExistsError:
            continue
        return target
    raise AssertionError("itertools.count() does not end")


def _point_latest(folder: pathlib.Path, target: pathlib.Path) -> None:
    # A second link, renamed over the first, so that there is no moment without "latest".
    fresh = folder / f".latest-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.name, target_is_directory=True)
    fresh.replace(folder / "latest")
