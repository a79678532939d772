# SPDX-License-Identifier: Apache-2.0
"""An extended regular expression as a tree, and what can be told of it before libc is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Union

#: An escaped character, a bracket expression (a ] is none of its end where it comes first, or in a class), a number of
#: repetitions (glibc takes a backslash in front of a zero there), or any other character.
TOKEN = re.compile(
    r"\\(?P<escaped>.?)"
    r"|(?P<bracket>\[\^?\]?(?:\[:[^]:]*:\]|\[\.[^].]*\.\]|\[=[^]=]*=\]|[^]])*\]?)"
    r"|(?P<bounds>\{[0-9\\]*(?:,[0-9\\]*)?\})"
    r"|(?P<other>.)",
    re.DOTALL,
)

BOUNDS = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_PLACES = frozenset({"^", "$"})
_ESCAPED_PLACES = frozenset("<>bB`'")


@dataclass(frozen=True)
class Piece:
    """One character: itself, or an expression for it (``.``, ``[a-z]``, ``\\w``)."""

    text: str


@dataclass(frozen=True)
class Place:
    """What matches between two characters: ``^``, ``$``, ``\\b`` and the like."""

    text: str


@dataclass(frozen=True)
class Series:
    """One after the other; nothing at all where there are none."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """``high`` is ``None`` for as often as you like."""

    part: Node
    low: int
    high: int | None


Node = Union[Piece, Place, Series, Choice, Repeat]


class _Group:
    """What of a group was read so far."""

    def __init__(self) -> None:
        self.alternatives: list[list[Node]] = [[]]

    def take(self, node: Node) -> None:
        self.alternatives[-1].append(node)

    def repeat(self, low: int, high: int | None) -> None:
        if not self.alternatives[-1] or isinstance(self.alternatives[-1][-1], Place):
            raise ValueError("Invalid preceding regular expression")
        self.take(Repeat(self.alternatives[-1].pop(), low, high))

    def closed(self) -> Node:
        series = tuple(Series(tuple(nodes)) for nodes in self.alternatives)
        return series[0] if len(series) == 1 else Choice(series)


def parse(text: str) -> Node:
    """The tree of ``text``; libc may still find fault with it.

    :raises ValueError: it is none, in libc's words
    """
    groups = [_Group()]
    for token in TOKEN.finditer(text):
        group, other = groups[-1], token["other"]
        if other == "(":
            groups.append(_Group())
        elif other == ")" and len(groups) > 1:
            closed = groups.pop().closed()
            groups[-1].take(closed)
        elif other == "|":
            group.alternatives.append([])
        elif token["bounds"] or other in BOUNDS:
            group.repeat(*bounds(token))
        else:
            place = other in _PLACES or token["escaped"] in _ESCAPED_PLACES
            group.take(Place(token[0]) if place else Piece(token[0]))
    if len(groups) > 1:
        raise ValueError("Unmatched ( or \\(")
    return groups[0].closed()


def bounds(token: re.Match[str]) -> tuple[int, int | None]:
    """How often what stands before this token of a repetition is wanted: at least, and at most (None: no bound)."""
    if token["bounds"] is None:
        return BOUNDS[token["other"]]
    low, comma, high = token["bounds"].strip("{}").replace("\\", "").partition(",")
    at_least = _number(low)
    return (at_least, _number(high) if high else None) if comma else (at_least, at_least)


def _number(text: str) -> int:
    """What is above libc's own limit (32767) stays above it; nobody has to read a million digits."""
    return int(text.lstrip("0")[:6] or 0)


def size(node: Node) -> int:
    """How many pieces there are when libc has written all repetitions out; ``x+`` is ``xx*`` to it."""
    if isinstance(node, Repeat):
        return size(node.part) * max(node.low + (node.high is None), node.high or 0, 1)
    if isinstance(node, (Series, Choice)):
        return max(sum(map(size, node.parts)), 1)
    return 1


def repeats_places(node: Node) -> bool:
    """Whether a place is written out more than once. glibc loses it then: ``(^x){2}`` finds ``xx`` to it."""
    here = isinstance(node, Repeat) and size(node) > size(node.part) and _has_places(node.part)
    return here or any(map(repeats_places, _parts(node)))


def _has_places(node: Node) -> bool:
    return isinstance(node, Place) or any(map(_has_places, _parts(node)))


def may_be_empty(node: Node) -> bool:
    """Whether it matches without a character."""
    if isinstance(node, Series):
        return all(map(may_be_empty, node.parts))
    if isinstance(node, Choice):
        return any(map(may_be_empty, node.parts))
    if isinstance(node, Repeat):
        return node.low == 0 or may_be_empty(node.part)
    return isinstance(node, Place)


def loops_around_nothing(node: Node) -> bool:
    """Whether there is a loop like ``(a?)+``: whoever follows it comes back to where he was without a character.

    glibc looks at all ways through them when it compiles the expression, and twice as many with each copy:
    ``((a?)+|(b?)+){30}`` would take it hours.
    """
    here = isinstance(node, Repeat) and node.high is None and may_be_empty(node.part)
    return here or any(map(loops_around_nothing, _parts(node)))


def _parts(node: Node) -> Iterable[Node]:
    if isinstance(node, Repeat):
        return (node.part,)
    return node.parts if isinstance(node, (Series, Choice)) else ()


def pieces(node: Node) -> set[str]:
    """The texts of its pieces."""
    if isinstance(node, Piece):
        return {node.text}
    return set().union(*map(pieces, _parts(node)))
