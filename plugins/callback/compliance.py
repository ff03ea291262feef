# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: compliance
type: aggregate
short_description: Write the compliance report of a run
version_added: "1.0.0"
author:
  - the infosec.principles authors (@infosec-principles)
description:
  - Collects the findings of M(infosec.principles.harden) and of every other control module of this collection, and
    reports them at the end of the run as a table on the console, as JSON, as HTML and as JUnit.
  - Hosts that could not be reached, and hosts on which the controls did not run to their end, appear with status
    V(error).
  - What only the whole fleet shows is found here - a private key on one host that opens an account on another, and host
    keys and machine-ids that several hosts have.
  - The outcome of M(infosec.principles.reachability) becomes a matrix of who could reach what.
  - A waiver that has expired, or that waived nothing, is a finding as well.
  - Writes nothing when no module of this collection was in the run.
options:
  directory:
    description:
      - Folder for the reports. Each run gets a folder of its own in it, named by its time (UTC).
      - The link C(latest) in it leads to the newest.
      - It is made with access for its owner alone, since the reports say what is weak where.
    type: path
    default: reports
    env:
      - name: INFOSEC_REPORT_DIRECTORY
    ini:
      - section: callback_compliance
        key: directory
  formats:
    description:
      - Files to write.
      - V(cyclonedx) is one bill of materials for each host, C(sbom/HOST.cdx.json), with the libraries of its
        applications and their known vulnerabilities, as M(infosec.principles.dependency_vulnerabilities) found them.
        It needs cyclonedx-python-lib on the controller.
    type: list
    elements: str
    choices: [json, html, junit, cyclonedx]
    default: [json, html, junit]
    env:
      - name: INFOSEC_REPORT_FORMATS
    ini:
      - section: callback_compliance
        key: formats
  console:
    description:
      - Whether to print the table at the end of the run.
    type: bool
    default: true
    env:
      - name: INFOSEC_REPORT_CONSOLE
    ini:
      - section: callback_compliance
        key: console
requirements:
  - Enable it by C(callbacks_enabled = infosec.principles.compliance) in the section C([defaults]) of C(ansible.cfg).
  - jmespath on the controller
notes:
  - Each option can also be set by a variable, C(infosec_report_directory), C(infosec_report_formats) or
    C(infosec_report_console), as an extra variable, in a play that uses this collection, or in C(group_vars/all).
seealso:
  - module: infosec.principles.harden
  - module: infosec.principles.reachability
"""

import datetime
import pathlib
import typing as t

import yaml
from ansible import constants, context
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import filter_loader
from ansible.template import Templar

from ansible_collections.infosec.principles.plugins.plugin_utils._report.collect import (
    Collector,
    Result,
    at_home,
    judges,
)
from ansible_collections.infosec.principles.plugins.plugin_utils._report.report import Report, ReportError, publish
from ansible_collections.infosec.principles.plugins.plugin_utils._report.writers import (
    console,
    cyclonedx,
    html,
    json,
    junit,
)

WRITERS = {
    "json": ("compliance.json", json.write),
    "html": ("compliance.html", html.write),
    "junit": ("junit.xml", junit.write),
}
FOLDERS = {"cyclonedx": ("sbom", cyclonedx.write)}
# Not declared as "vars" of the options: core 2.21 templates those before there is a play, and fails to load the plugin
# where they refer to the play (such as playbook_dir).
_VARIABLES = {f"infosec_report_{option}": option for option in ("directory", "formats", "console")}
_TONES = {
    console.BAD: "COLOR_ERROR",
    console.DOUBT: "COLOR_WARN",
    console.GOOD: "COLOR_OK",
    console.HEAD: "COLOR_HIGHLIGHT",
}


class CallbackModule(CallbackBase):
    """Hands Ansible's events to the collector and its report to the writers."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "infosec.principles.compliance"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._collector = Collector(datetime.datetime.now(datetime.timezone.utc))
        self._plays: set[str] = set()

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        """On the first task of ours in a play, learn which hosts the play is for and which options it sets."""
        play = task.play if hasattr(task, "play") else task.get_play()
        if not judges(_action(task)) or play._uuid in self._plays:
            return
        self._plays.add(play._uuid)
        # Ansible forks a process for each host from this one; each would load all filters of the collection anew.
        filter_loader.get("infosec.principles.services_of")
        variables = play.get_variable_manager().get_vars(play=play)
        if not at_home(_action(task)):
            self._collector.expected.update(map(str, variables["ansible_play_hosts_all"]))
        self._collector.inventory.update(map(str, variables["groups"].get("all", ())))
        self._read_options(play, variables)
        self._collector.store.keeps_components = "cyclonedx" in self._option("formats")

    def _read_options(self, play: t.Any, variables: dict[str, t.Any]) -> None:
        templar = Templar(loader=play.get_loader(), variables=variables)
        for name in _VARIABLES.keys() & variables.keys():
            t.cast(t.Any, self).set_option(_VARIABLES[name], templar.template(variables[name]))

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """Collect."""
        self._take(result, "ok")

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        """Collect; with ignore_errors as well, since the controls have not run then either."""
        self._take(result, "failed")

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        """Collect."""
        self._take(result, "unreachable")

    def _take(self, result: t.Any, outcome: str) -> None:
        fields = result._task_fields
        self._collector.take(
            Result(
                host=str(fields.get("delegate_to") or result.host.get_name()),
                action=_action(result.task),
                task=result.task.get_name().strip(),
                outcome=outcome,
                data=result.result,
                args=fields.get("args") or {},
                check_mode=bool(fields.get("check_mode")),
            )
        )

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """Write the report."""
        if not self._collector.began:
            return
        run = self._collector.finish(stats.processed, _unseen(), _version())
        report = Report(run, self._collector.store)
        if self._option("console"):
            self._print(report)
        self._publish(report)

    def _option(self, name: str) -> t.Any:
        return t.cast(t.Any, self).get_option(name)

    def _print(self, report: Report) -> None:
        self._display.display("")
        for text, tone in console.lines(report, self._display.columns or 80):
            color = getattr(constants, _TONES[tone]) if tone in _TONES else None
            self._display.display(text, color=color)

    def _publish(self, report: Report) -> None:
        formats = self._option("formats")
        if not formats:
            return
        writers = dict(WRITERS[name] for name in formats if name in WRITERS)
        folders = dict(FOLDERS[name] for name in formats if name in FOLDERS)
        try:
            target = publish(report, pathlib.Path(self._option("directory")), writers, folders)
        except ReportError as error:
            self._display.error(str(error))
            return
        self._display.display(f"\nReport: {target}/")


def _action(task: t.Any) -> str:
    return str(task.resolved_action or task.action)


def _unseen() -> str:
    """Why this run does not see the whole fleet, or nothing."""
    given = context.CLIARGS
    reasons = {
        "--limit": given.get("subset"),
        "--tags": set(given.get("tags") or ()) - {"all"},
        "--skip-tags": given.get("skip_tags"),
        "--start-at-task": given.get("start_at_task"),
    }
    used = [name for name, value in reasons.items() if value]
    return f"the run was narrowed by {', '.join(used)}" if used else ""


def _version() -> str:
    """The version of this collection, installed (MANIFEST.json) or as a checkout (galaxy.yml)."""
    root = pathlib.Path(__file__).parent.parent.parent
    manifest, galaxy = root / "MANIFEST.json", root / "galaxy.yml"
    if manifest.exists():
        return str(yaml.safe_load(manifest.read_bytes())["collection_info"]["version"])
    return str(yaml.safe_load(galaxy.read_bytes())["version"]) if galaxy.exists() else ""
