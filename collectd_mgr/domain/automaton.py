# SPDX-License-Identifier: Apache-2.0
"""How many states an expression has for glibc, which follows all ways through it at once.

The places in it that a text may have come to are one state. glibc makes it when a text first comes to it, keeps it (a
KB and more) for as long as the expression, and looks among all of them for each new one. ``^[0-9a-f]*a[0-9a-f]{30}x``
has a thousand million: every name of a metric can add a hundred.

As with glibc, a search begins anew at each character of a text, and ends with the first match. A character beyond ASCII
that is more than one byte has it make a state of each part of a state that takes it: these are counted as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import reduce
from typing import NamedTuple, Optional

from collectd_mgr.domain.pattern import Choice, Node, Piece, Place, Repeat, Series, pieces

#: Whether there is a character of a word before a place; ``None`` where the text begins.
_Before = Optional[bool]
_Passes = Callable[[_Before, bool], bool]

_ASCII = [chr(code) for code in range(1, 128)]

#: Beyond so many pieces whose characters beyond ASCII nobody knows here there are too many cases.
_UNKNOWN = 6

#: Whether a place lets through from what is before it to what comes after; nothing comes after the end.
_PLACES: dict[str, _Passes] = {
    "^": lambda before, after: before is None,
    "\\`": lambda before, after: before is None,
    "$": lambda before, after: False,
    "\\'": lambda before, after: False,
    "\\<": lambda before, after: after and not before,
    "\\>": lambda before, after: bool(before) and not after,
    "\\b": lambda before, after: bool(before) != after,
    "\\B": lambda before, after: bool(before) == after,
}


class _Part(NamedTuple):
    """The pieces and places, as bits, that a part may begin and end with; ``skip``: it may be left out."""

    first: int
    last: int
    skip: bool


_NOTHING = _Part(0, 0, True)


def states(tree: Node, takes: Callable[[str], frozenset[str]], most: int) -> int:
    """The number of states, or ``most`` + 1 where there are more. It takes time in proportion to that and to the size.

    :param takes: the characters of ASCII that a piece (its text) matches
    """
    if sum(map(_is_unknown, pieces(tree))) > _UNKNOWN:
        return most + 1
    return _Automaton(tree, takes).count(most)


class _Automaton:
    """Its pieces and places are numbered; a set of them is an integer, a bit for each. Number 0 is the beginning."""

    def __init__(self, tree: Node, takes: Callable[[str], frozenset[str]]) -> None:
        self._follow = [0]
        self._pieces = dict.fromkeys(pieces(tree), 0)
        self._places: dict[int, _Passes] = {}
        self._words = False
        whole = self._join(_Part(1, 1, False), self._build(tree))
        self._ends = whole.last & ~sum(1 << number for number in self._places)
        beyond = set(_beyond(self._pieces))
        self._wide = reduce(int.__or__, beyond)
        #: Characters that are treated alike: the pieces that take them, and whether they are of a word.
        alike = _ascii(self._pieces, takes) | set(itertools.product(beyond, (False, True)))
        self._alphabet = {(mask, word and self._words) for mask, word in alike}

    def _build(self, node: Node) -> _Part:
        if isinstance(node, Series):
            return reduce(self._join, map(self._build, node.parts), _NOTHING)
        if isinstance(node, Choice):
            return reduce(_either, map(self._build, node.parts))
        return self._repeat(node) if isinstance(node, Repeat) else self._single(node)

    def _single(self, node: Piece | Place) -> _Part:
        number = len(self._follow)
        self._follow.append(0)
        if isinstance(node, Piece):
            self._pieces[node.text] |= 1 << number
        else:
            self._places[number] = _PLACES[node.text]
            self._words = self._words or node.text in ("\\<", "\\>", "\\b", "\\B")
        return _Part(1 << number, 1 << number, False)

    def _repeat(self, node: Repeat) -> _Part:
        """As glibc writes it out: ``x{2,}`` is ``xxx*``, and ``x{1,3}`` is ``x((x)?x)?``."""
        part = rest = _NOTHING
        for _ in range(node.low):
            part = self._join(part, self._build(node.part))
        if node.high is None:
            rest = self._build(node.part)
            self._link(rest.last, rest.first)
        for _ in range(node.low, node.high or 0):
            rest = self._join(rest, self._build(node.part))._replace(skip=True)
        return self._join(part, rest._replace(skip=True))

    def _join(self, one: _Part, other: _Part) -> _Part:
        self._link(one.last, other.first)
        first = one.first | (other.first if one.skip else 0)
        last = other.last | (one.last if other.skip else 0)
        return _Part(first, last, one.skip and other.skip)

    def _link(self, last: int, first: int) -> None:
        for number in _bits(last):
            self._follow[number] |= first

    def count(self, most: int) -> int:
        known: set[tuple[int, _Before]] = {(1, None), (1, False), (1, self._words)}
        new, number = list(known), len(known)
        while new and number <= most:
            found = {state for state in self._next(*new.pop()) if state not in known}
            known |= found
            new += found
            number += sum(max(1, bin(at & self._wide).count("1")) for at, _ in found)
        return min(number, most + 1)

    def _next(self, at: int, before: _Before) -> Iterator[tuple[int, _Before]]:
        if at & self._ends:
            return  # Found: the search is over.
        for word in {False, self._words}:
            ahead = self._ahead(at, before, word)
            for mask, is_word in self._alphabet:
                if is_word == word and ahead & mask:
                    yield ahead & mask, word

    def _ahead(self, at: int, before: _Before, after: bool) -> int:
        """What may follow, also past the places that let through."""
        ahead, passed = self._after(at), 0
        while True:
            passing = (number for number in self._places if ahead >> number & 1 and self._places[number](before, after))
            now = sum(1 << number for number in passing) & ~passed
            if not now:
                return ahead
            ahead, passed = ahead | self._after(now), passed | now

    def _after(self, at: int) -> int:
        return reduce(int.__or__, (self._follow[number] for number in _bits(at)), 0)


def _either(one: _Part, other: _Part) -> _Part:
    return _Part(one.first | other.first, one.last | other.last, one.skip or other.skip)


def _bits(numbers: int) -> Iterator[int]:
    while numbers:
        lowest = numbers & -numbers
        yield lowest.bit_length() - 1
        numbers ^= lowest


def _ascii(numbered: dict[str, int], takes: Callable[[str], frozenset[str]]) -> set[tuple[int, bool]]:
    """For each character, as far as they differ: the pieces that take it, and whether it is one of a word."""
    taken = [(takes(text), mask) for text, mask in numbered.items()]
    return {(sum(mask for letters, mask in taken if letter in letters), _of_a_word(letter)) for letter in _ASCII}


def _beyond(numbered: dict[str, int]) -> Iterator[int]:
    """The same beyond ASCII: what a class takes of that is not known here, so all is thought possible."""
    unknown = [mask for text, mask in numbered.items() if _is_unknown(text)]
    sure = sum(mask for text, mask in numbered.items() if text == "." or (text[:2] == "[^" and not _is_unknown(text)))
    own = [mask for text, mask in numbered.items() if text[0] != "[" and not text.isascii()]
    for one, some in itertools.product([0, *own], itertools.product(*((0, mask) for mask in unknown))):
        yield sure + one + sum(some)


def _is_unknown(text: str) -> bool:
    """Whether a piece has classes, or names characters beyond ASCII among others."""
    if text[0] == "[":
        return not text.isascii() or any(begin in text for begin in ("[:", "[.", "[="))
    return text in ("\\w", "\\W", "\\s", "\\S")


def _of_a_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"
