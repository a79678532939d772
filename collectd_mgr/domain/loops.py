# SPDX-License-Identifier: Apache-2.0
"""Loops around nothing in an extended regular expression, as in ``(a?)+``.

Whoever follows such a loop comes back to where he was without a character. glibc looks at all ways through them when
it compiles the expression, and twice as many with each copy: ``((a?)+|(b?)+){30}`` would take it hours.
"""

from __future__ import annotations

import re

# An escaped character, a bracket expression (a ] is none of its end where it comes first, or in a class), a number of
# repetitions, or any other character.
_TOKEN = re.compile(
    r"\\(?P<escaped>.?)"
    r"|(?P<bracket>\[\^?\]?(?:\[:[^]:]*:\]|\[\.[^].]*\.\]|\[=[^]=]*=\]|[^]])*\]?)"
    r"|(?P<bounds>\{[0-9]*(?:,[0-9]*)?\})"
    r"|(?P<other>.)",
    re.DOTALL,
)

#: What matches at a place, and no character.
_PLACES = frozenset({"^", "$"})
_ESCAPED_PLACES = frozenset("<>bB`'")


class _Group:
    """What of a group was read so far. Whether it can be empty, and its last alternative, and the last piece there."""

    def __init__(self) -> None:
        self.empty = False
        self.alternative = True
        self.piece = True

    def take(self, piece: bool) -> None:
        self.alternative, self.piece = self.alternative and self.piece, piece

    def divide(self) -> None:
        self.empty = self.closed()
        self.alternative = self.piece = True

    def closed(self) -> bool:
        return self.empty or (self.alternative and self.piece)


def loops_around_nothing(text: str) -> bool:
    """Whether there is one. What is no expression at all is left to libc."""
    groups = [_Group()]
    for token in _TOKEN.finditer(text):
        group, other = groups[-1], token["other"]
        if other == "(":
            groups.append(_Group())
        elif other == ")" and len(groups) > 1:
            closed = groups.pop().closed()
            groups[-1].take(closed)
        elif other == "|":
            group.divide()
        elif other in ("*", "+", "?") or token["bounds"]:
            endless = other in ("*", "+") or (token["bounds"] or "").endswith(",}")
            if endless and group.piece:
                return True
            group.piece = group.piece or other in ("*", "?") or bool(re.match(r"\{0*[,}]", token["bounds"] or ""))
        else:
            group.take(other in _PLACES or token["escaped"] in _ESCAPED_PLACES)
    return False
