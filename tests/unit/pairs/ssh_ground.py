# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ssh_authentication on the played OpenSSH: judged, or run and confirmed at once."""

from __future__ import annotations

import pathlib
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication import (
    ssh_authentication,
)
from ansible_collections.infosec.principles.plugins.module_utils._controls.strong_authentication._ssh import text
from ansible_collections.infosec.principles.plugins.module_utils._engine.assess import Request
from ansible_collections.infosec.principles.plugins.module_utils._engine.finding import Finding
from ansible_collections.infosec.principles.plugins.module_utils._engine.run import Settings, resume, run
from ansible_collections.infosec.principles.plugins.module_utils._host import connection, login
from ansible_collections.infosec.principles.plugins.module_utils._host.host import NeedsRoot
from ansible_collections.infosec.principles.plugins.module_utils._host.login import Login

from .machine import Machine
from .ssh_authentication import DEBIAN, host


class Ground:
    """A machine, and the control on it."""

    def __init__(self, root: pathlib.Path) -> None:
        self.machine = Machine(root)
        self.login: Login | None = None

    def lay(self, config: str = DEBIAN, drop_ins: t.Mapping[str, str] | None = None, **more: t.Any) -> None:
        host(config, drop_ins, **more)(self.machine)

    def judge(self, **options: t.Any) -> dict[str, Finding]:
        """The findings of now, by rule."""
        seen = self.machine.host()
        if self.login:
            (port,) = [port for _protocol, _address, port in self.machine.units["ssh.service"].sockets]
            seen._memory[connection.read] = connection.Connection(
                *("192.0.2.50", 4711, "127.0.0.1", port, (900,), "ssh.service", ("ssh.service",))
            )
            seen._memory[login.read] = self.login
        return {one.rule.name: one for one in ssh_authentication.assess(seen, self._options(options))}

    def fix(self, **options: t.Any) -> dict[str, str]:
        """The statuses after a run, by rule."""
        requests = [Request(ssh_authentication.CONTROL, self._options(options))]
        settings = Settings(unreadable=NeedsRoot, check=False, by="a test")
        result = run(self.machine.host(), requests, settings)
        if result.confirm:
            result = resume(self.machine.host(), requests, settings, result.run_id)
        return {one["rule"].partition(".")[2]: one["status"] for one in result.findings}

    def _options(self, options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        validated = ArgumentSpecValidator(dict(ssh_authentication.OPTIONS)).validate(dict(options))
        assert not validated.error_messages
        return {"enforce": True, **validated.validated_parameters}

    def read(self, path: str) -> str:
        return self.machine.path(path).read_text(encoding="utf-8")

    def lines(self, keyword: str) -> list[str]:
        """What our file says of a keyword."""
        return [line.split(None, 1)[1] for line in self.read(text.PATH).splitlines() if line.split()[:1] == [keyword]]
