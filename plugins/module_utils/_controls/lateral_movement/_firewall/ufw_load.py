# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# PRIVATE to the collection: may change at any time.
"""Our part of /etc/ufw: the program that loads our rules, and how ufw comes to run it.

ufw runs /etc/ufw/after.init with `start` when it has loaded its own rules (at boot, `ufw enable`, `ufw reload`), and
with `stop` when it takes them away (ufw-framework(8)). Its *.rules cannot do it: `iptables-restore`, which reads them,
would double a jump in any chain that ufw does not empty first, such as those of the table `mangle`.
"""

from __future__ import annotations

from ansible_collections.infosec.principles.plugins.module_utils._controls.lateral_movement._firewall.ufw_rules import (
    ADMIT,
    GATE,
    PREFIX,
    PUBLISHED,
)
from ansible_collections.infosec.principles.plugins.module_utils._formats import marked_block

FOLDER = "/etc/ufw/infosec-principles"
LOADER, SETS = f"{FOLDER}/load", f"{FOLDER}/sets"
HOOK = "/etc/ufw/after.init"
BLOCK = "firewall"
#: What the package puts there; ufw does not run it until it is made executable.
PRISTINE = "/usr/share/ufw/after.init"

#: It neither relies on ufw's state nor on its own: any number of calls in any order end in the same.
LOADER_TEXT = rf"""#!/bin/sh
# Made by infosec.principles, run by {HOOK}: `start` loads the rules beside this file, `stop` takes them away.
set -eu
cd {FOLDER}

has() {{
    "$1" -w -t "$2" -n -L "$3" >/dev/null 2>&1
}}

# The jump from a chain to ours stands first there; it is moved in one step.
hook() {{
    old=""
    if "$1" -w -t "$2" -C "$3" -j "$4" >/dev/null 2>&1; then old="-D $3 -j $4"; fi
    printf '*%s\n%s\n-I %s 1 -j %s\nCOMMIT\n' "$2" "$old" "$3" "$4" | "$1-restore" -w -n
}}

remove() {{
    while "$1" -w -t "$2" -D "$3" -j "$4" >/dev/null 2>&1; do :; done
    if has "$1" "$2" "$4"; then
        "$1" -w -t "$2" -F "$4"
        "$1" -w -t "$2" -X "$4"
    fi
}}

# Sets that no rule uses any more.
sweep() {{
    if command -v ipset >/dev/null; then
        for name in $(ipset -n list | grep '^{PREFIX}'); do ipset destroy "$name" 2>/dev/null || :; done
    fi
}}

start() {{
    # Where ufw is off, nothing of ours is on.
    has iptables filter ufw-user-input || return 0
    if [ -s sets ]; then ipset -exist restore <sets; fi
    for program in iptables ip6tables; do
        has "$program" filter INPUT || continue
        "$program-restore" -w -n <"$program.rules"
        hook "$program" mangle INPUT {GATE}
        hook "$program" mangle FORWARD {PUBLISHED}
    done
    hook iptables filter ufw-after-input {ADMIT}
    if has ip6tables filter ufw6-after-input; then hook ip6tables filter ufw6-after-input {ADMIT}; fi
    sweep
}}

# Between its stop and its start, which takes seconds, ufw lets everything in. We do not: the gate stays.
restarting() {{
    if [ "$(systemctl list-jobs --no-legend 2>/dev/null | awk '$2 == "ufw.service" {{ print $3 }}')" = restart ]; then
        return 0
    fi
    pid=$PPID
    while [ "$pid" -gt 1 ]; do
        words="/proc/$pid/cmdline"
        if grep -qzE '(^|/)ufw(-init)?$' "$words" && grep -qzxE 'reload|restart|force-reload' "$words"; then
            return 0
        fi
        pid=$(awk '$1 == "PPid:" {{ print $2 }}' "/proc/$pid/status")
    done
    return 1
}}

stop() {{
    if restarting; then return 0; fi
    for program in iptables ip6tables; do
        has "$program" filter INPUT || continue
        remove "$program" mangle INPUT {GATE}
        remove "$program" mangle FORWARD {PUBLISHED}
    done
    remove iptables filter ufw-after-input {ADMIT}
    if has ip6tables filter INPUT; then remove ip6tables filter ufw6-after-input {ADMIT}; fi
    sweep
    # The kernel lets go of a set a moment after the rules that named it.
    sleep 0.2
    sweep
}}

# `iptables -F` empties INPUT, and ufw makes its jumps anew only together with its chains.
rebuild() {{
    /lib/ufw/ufw-init force-stop
    for program in iptables ip6tables; do
        has "$program" filter INPUT || continue
        "$program-save" -t filter | awk '
            BEGIN {{ print "*filter" }}
            /^-A [A-Z]+ -j ufw6?-(before|after|reject|track)-/ {{ sub("-A", "-D"); print }}
            /^:ufw6?-(before|after|reject|track)-/ {{ chains = chains "-X " substr($1, 2) "\n" }}
            END {{ print chains "COMMIT" }}' | "$program-restore" -w -n
    done
    /lib/ufw/ufw-init start
}}

case "$1" in
start) start ;;
rebuild) rebuild ;;
stop | flush-all) stop ;;
esac
"""

#: The rest of the file runs too, and ufw gets to know that ours failed.
HOOK_LINES = (f"/bin/sh {LOADER} \"$1\" || trap 'exit 1' EXIT",)
SHEBANG = "#!/bin/sh\n"


def hooked(text: str | None) -> str:
    """after.init with our block behind its first line, since what follows may end it. None: there is no such file."""
    text = text or SHEBANG
    return marked_block.put(text, BLOCK, HOOK_LINES, at=text.find("\n") + 1)


def obstacle(text: str | None, pristine: str | None, *, executable: bool) -> str:
    """Why our line cannot stand in after.init as it is; "" where it can. pristine: the text that the package brings."""
    if not _is_shell(text or SHEBANG):
        return "it is no shell script, so no line of ours can stand in it"
    if text and not executable and marked_block.without(text, BLOCK) not in (pristine, SHEBANG):
        return "somebody's commands are in it that ufw does not run, since it is not executable, and would run for ours"
    return ""


def _is_shell(text: str) -> bool:
    first = text.partition("\n")[0].split()
    return bool(first) and first[0].startswith("#!") and first[-1 if "env" in first[0] else 0].endswith("sh")
