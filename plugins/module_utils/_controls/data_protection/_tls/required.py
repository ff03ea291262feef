# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""When clear text may be switched off: not before the server's own view shows that nobody comes in clear any more.

Those who are connected now are no proof: a job that comes once a day, and a page that connects anew for each visitor,
are hardly ever among them. So the view has to reach back as far as `required_after_days` says.
"""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._controls.data_protection._tls.model import Clear

#: Those named in one message.
NAMED = 10
UNTOLD = "clear text is not switched off, since the server cannot tell who comes in clear"


def held_back(clear: Clear, days: int) -> str:
    """Why clear text is not switched off yet; "" where it may be. days: required_after_days."""
    if not clear.told:
        return f"{UNTOLD}{_further(clear)}"
    still = [*clear.now, *(name for name, ago in clear.came if ago < days and name not in clear.now)]
    if still:
        more = f" and {len(still) - NAMED} more" if len(still) > NAMED else ""
        return f"clear text is not switched off, since these still come so: {_named(still)}{more} (by {clear.looked})"
    if clear.days < days:
        return (
            f"clear text is not switched off yet: nobody is seen coming so, but {_short(clear, days)}{_further(clear)}"
        )
    return ""


def _named(names: list[str]) -> str:
    return "; ".join(names[:NAMED])


def _short(clear: Clear, days: int) -> str:
    told = f"{clear.looked} tell of {int(clear.days)} days" if clear.days else f"{clear.looked} are all that tells"
    return f"{told}, and required_after_days is {days}"


def _further(clear: Clear) -> str:
    return f" ({clear.further})" if clear.further else ""
