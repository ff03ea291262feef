# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Apache httpd makes of `Header` in <If> sections, as far as our file has it; after modules/metadata/mod_headers.c.

Tried against Apache 2.4 of Debian 11, 12 and 13 with the same lines.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
import typing as t

Headers = tuple[tuple[str, str], ...]
#: What Apache's own pages of errors and redirects are (http_protocol.c).
OWN_PAGE = "text/html; charset=iso-8859-1"


@dataclasses.dataclass
class Answer:
    """What is about to be sent. always, onsuccess: what the program, and others' lines, have put into the two tables.

    made_here: whether it is a page of Apache's own, in which the first table has become the second, and nothing is
    said for `onsuccess`.
    """

    name: str = "shop.example.org"
    port: int = 443
    tls: bool = True
    status: int = 200
    content: str = "text/html"
    always: Headers = ()
    onsuccess: Headers = ()
    made_here: bool = False
    notes: dict[str, str] = dataclasses.field(default_factory=dict)

    def sent(self, text: str) -> Headers:
        """With what a configuration has, both tables, names in small letters."""
        if self.made_here:
            self.always, self.onsuccess, self.content = (), self.always, OWN_PAGE
        said = [words for condition, lines in _sections(text) if self._holds(condition) for words in lines]
        for table in ("always",) if self.made_here else ("always", "onsuccess"):
            for words in said:
                if words[1] == table:
                    self._carry_out(table, *words[2:])
        return tuple((name.lower(), value) for name, value in (*self.always, *self.onsuccess))

    def _carry_out(self, table: str, act: str, name: str, *rest: str) -> None:
        condition = next((word[5:] for word in rest if word.startswith("expr=")), "")
        if condition and not self._holds(condition):
            return
        there: Headers = getattr(self, table)
        if act == "note":
            self.notes.update((rest[0], value) for key, value in there if key.lower() == name.lower())
            return
        put = ((name, rest[0].replace("%%", "%")),) if act == "set" else ()
        setattr(self, table, (*((key, value) for key, value in there if key.lower() != name.lower()), *put))

    def _holds(self, condition: str) -> bool:
        either = re.fullmatch(r"\((.*?)\)(?: && (.*))?", condition)
        if either:
            return any(map(self._term, either[1].split(" || "))) and (not either[2] or self._holds(either[2]))
        return all(map(self._term, condition.split(" && ")))

    def _term(self, term: str) -> bool:
        if term.startswith("! "):
            return not self._term(term[2:])
        empty = re.fullmatch(r"-([zn]) (resp|note)\('(.*)'\)", term)
        if empty:
            found = self._response(empty[3]) if empty[2] == "resp" else self.notes.get(empty[3], "")
            return (found == "") == (empty[1] == "z")
        host = re.fullmatch(r"req_novary\('Host'\) =~ m#(.*)#i", term)
        if host:
            return re.search(host[1], self.name, re.IGNORECASE) is not None
        same = re.fullmatch(r"%\{(\w+)\} ([!=]=) '?([^']*)'?", term)
        assert same, term
        return (self._variable(same[1]) == same[3]) == (same[2] == "==")

    def _response(self, name: str) -> str:
        """The second table first (server/util_expr_eval.c)."""
        return next((value for key, value in (*self.onsuccess, *self.always) if key.lower() == name.lower()), "")

    def _variable(self, name: str) -> str:
        known = {
            "HTTPS": "on" if self.tls else "off",
            "SERVER_PORT": str(self.port),
            "REQUEST_STATUS": str(self.status),
            "CONTENT_TYPE": self.content,
        }
        return known[name]


def _sections(text: str) -> t.Iterator[tuple[str, list[list[str]]]]:
    for match in re.finditer(r'<If "(.*)">\n((?:    .*\n)*)</If>\n', text):
        words = [shlex.split(line) for line in match[2].splitlines()]
        yield match[1], [one for one in words if one[0] == "Header"]
