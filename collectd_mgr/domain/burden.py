# SPDX-License-Identifier: Apache-2.0
"""What a string would cost collectd if a plugin took it for a regular expression.

Which strings of a configuration a plugin compiles, only the plugin knows. So each is weighed as if it were one, and
against bounds that no path, no statement of SQL and no expression in use comes near. libc has none: it writes
repetitions out, keeps for each place all that may be skipped from there, and goes one deeper in the stack with each
parenthesis, also of what it refuses in the end.
"""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from collectd_mgr.domain.pattern import BOUNDS, TOKEN, bounds

#: Parentheses within parentheses. At about 12,000 glibc is at the end of a stack of 8 MiB.
_DEEPEST = 200

#: Pieces that repetitions add, in all strings of a configuration: glibc takes up to 1.6 KB for each.
_COPIES = 50_000

#: Branches in a row that may be skipped, squared, in all strings: glibc takes 8 bytes for each.
_WAYS = 10_000_000

#: Branches that a loop around what may be empty counts for: with each in a row glibc may look at twice as many ways.
_LOOP = 200

_SPECIAL = frozenset("(|*+?{")


class _Part(NamedTuple):
    """A part of an expression with its repetitions written out.

    ``head`` and ``tail``: branches before its first and behind its last character; all of them, if it may be
    ``empty``. ``ways``: the squares of the rows between two characters. ``group``: it stood in parentheses.
    """

    pieces: int = 0
    head: int = 0
    tail: int = 0
    ways: int = 0
    empty: bool = True
    group: bool = False

    def then(self, other: _Part) -> _Part:
        pieces, ways = self.pieces + other.pieces, self.ways + other.ways
        if self.empty and other.empty:
            row = self.head + other.head
            return _Part(pieces, row, row, ways)
        if self.empty or other.empty:
            head = self.head + other.head if self.empty else self.head
            tail = self.tail + other.tail if other.empty else other.tail
            return _Part(pieces, head, tail, ways, False)
        return _Part(pieces, self.head, other.tail, ways + (self.tail + other.head) ** 2, False)

    def or_else(self, other: _Part) -> _Part:
        head, tail = self.head + other.head + 1, self.tail + other.tail + 1
        empty = self.empty or other.empty
        row = max(head, tail)
        pieces, ways = self.pieces + other.pieces, self.ways + other.ways
        return _Part(pieces, row, row, ways, True) if empty else _Part(pieces, head, tail, ways, False)

    def repeated(self, low: int, high: int | None) -> _Part:
        """Those that must be there, and behind them those that may be."""
        if self == _NOTHING:
            return self  # libc takes no repetition there, and ends.
        must, may = low, 1 if high is None else max(high - low, 0 if low else 1)
        branches = 1 + (self.head if self.empty else self.head + self.tail)
        if high is None and self.empty and self.group:
            branches += _LOOP
        optional = _Part(may * self.pieces, may * branches, may * branches, may * self.ways)
        return self._times(must).then(optional)

    def enclosed(self) -> _Part:
        """A parenthesis is a place to libc, too, which is passed without a character."""
        marks = 2 if self.empty else 1
        return self._replace(head=self.head + marks, tail=self.tail + marks, group=True)

    def _times(self, count: int) -> _Part:
        if not count:
            return _NOTHING
        row = count * self.head if self.empty else 0
        between = 0 if self.empty else (count - 1) * (self.tail + self.head) ** 2
        return self._replace(
            pieces=count * self.pieces,
            head=row or self.head,
            tail=row or self.tail,
            ways=count * self.ways + between,
        )

    def share(self, characters: int) -> float:
        row = max(self.head, self.tail)
        return max((self.pieces - characters) / _COPIES, (self.ways + row**2) / _WAYS, 0.0)


_NOTHING = _Part()
_CHARACTER = _Part(1, empty=False)


class _Group:
    """What of a group was read so far: its former alternatives, the one that is read, and the last part of that."""

    def __init__(self) -> None:
        self._before: _Part | None = None
        self._series = self.last = _NOTHING

    def take(self, part: _Part) -> None:
        self._series, self.last = self._series.then(self.last), part

    def turn(self) -> None:
        self._before, self._series, self.last = self.closed(), _NOTHING, _NOTHING

    def closed(self) -> _Part:
        series = self._series.then(self.last)
        return series if self._before is None else self._before.or_else(series)


def burden(text: str) -> float:
    """Its share of what a configuration may cost; more than 1 is too much."""
    if _SPECIAL.isdisjoint(text):
        return 0.0
    groups = [_Group()]
    for token in TOKEN.finditer(text):
        group, other = groups[-1], token["other"]
        if other == "(":
            groups.append(_Group())
        elif other == ")" and len(groups) > 1:
            groups[-2].take(groups.pop().closed().enclosed())
        elif other == "|":
            group.turn()
        elif token["bounds"] or other in BOUNDS:
            group.last = group.last.repeated(*bounds(token))
        else:
            group.take(_CHARACTER)
            continue
        if len(groups) - 1 > _DEEPEST or groups[-1].last.share(len(text)) > 1:
            return inf
    while len(groups) > 1:
        groups[-2].take(groups.pop().closed().enclosed())
    return groups[0].closed().share(len(text))
