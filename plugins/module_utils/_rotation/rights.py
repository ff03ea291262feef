# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Acting with the rights of an account and no others: what it put into its folders can then harm nobody but itself."""

from __future__ import annotations

import json
import os
import pwd
import typing as t

Work = t.Callable[[pwd.struct_passwd], t.Any]


class RotationError(Exception):
    """Why a key is not rotated; nothing was changed."""


def acting_as(name: str, work: Work) -> t.Any:
    """What `work` returns (as JSON has it) when the account does it; "" is whoever runs this. Raises RotationError.

    A process of its own gives up root's rights for good, since Ansible needs them again for the result.
    """
    try:
        account = pwd.getpwnam(name) if name else pwd.getpwuid(os.geteuid())
    except KeyError:
        raise RotationError(f"there is no account {name} here") from None
    if account.pw_uid == os.geteuid():
        return work(account)
    if os.geteuid() != 0:
        raise RotationError(f"only root can act as {name}; run with become: true")
    answer = _forked(account, work)
    if "fault" in answer:
        raise RotationError(answer["fault"])
    return answer["result"]


def _forked(account: pwd.struct_passwd, work: Work) -> dict[str, t.Any]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(writing, "w", encoding="utf-8") as stream:
                json.dump(_done(account, work), stream)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return t.cast("dict[str, t.Any]", json.loads(said)) if said else {"fault": f"{account.pw_name}: ended at once"}


def _done(account: pwd.struct_passwd, work: Work) -> dict[str, t.Any]:
    try:
        _give_up(account)
        return {"result": work(account)}
    except Exception as exc:
        return {"fault": str(exc) if isinstance(exc, RotationError) else f"{type(exc).__name__}: {exc}"}


def _give_up(account: pwd.struct_passwd) -> None:
    os.initgroups(account.pw_name, account.pw_gid)
    os.setresgid(account.pw_gid, account.pw_gid, account.pw_gid)
    os.setresuid(account.pw_uid, account.pw_uid, account.pw_uid)
    os.environ.update(HOME=account.pw_dir, USER=account.pw_name, LOGNAME=account.pw_name)
    os.umask(0o077)
