# SPDX-License-Identifier: Apache-2.0
"""Regular expressions as collectd's own plugins have them: POSIX, extended, compiled by libc.

Who asks here, on whatever host, gets the verdict and the matches of that host's libc; with glibc everywhere that
is what collectd says. Python's would hold the GIL for as long as a hostile expression takes, and with it every plugin
in Python.
"""

from __future__ import annotations

import ctypes
import re
from functools import lru_cache

from collectd_mgr.domain import automaton, pattern
from collectd_mgr.domain.pattern import Node

LONGEST = 256

#: Repetitions multiply, and glibc writes them out when it compiles the expression.
_PIECES = 512

#: Of the automaton: glibc keeps each that a text has come to, and more than a KB for it.
_STATES = 1000

_EXTENDED_WITHOUT_PLACES = 1 | 8
_BACK_REFERENCE = re.compile(r"\\[0-9]")

#: Letters to which libc gives a meaning behind a backslash; any other is itself there, also what is a class elsewhere.
_ESCAPES = frozenset("bBsSwW")

_NOWHERE = ctypes.c_size_t(0)

#: One for all: each makes a class of its own, which only a garbage collection takes away again.
_LIBC = ctypes.CDLL(None)


class NoExpression(ValueError):
    """It is none; the message says why, in libc's own words where they are its."""


class Expression:
    """Found anywhere in a text, unless it is anchored. Any number of threads may ask.

    :raises NoExpression: it is none for libc, or one that libc would choke on
    """

    def __init__(self, text: str) -> None:
        reason = flaw(text)
        if reason is not None:
            raise NoExpression(reason)
        self._text = encoded(text)
        self._compiled: _Compiled | None = _Compiled(self._text)

    def matches(self, text: bytes) -> bool:
        compiled = self._compiled
        if compiled is None:
            compiled = self._compiled = _Compiled(self._text)
        return compiled.matches(text)

    def forget(self) -> None:
        """Give back what libc keeps of it and of the texts; the next text has it compiled anew."""
        self._compiled = None


class _Compiled:
    """libc's form of an expression, for as long as somebody has it: also who is looking while it is replaced."""

    def __init__(self, text: bytes) -> None:
        self._ready = False
        self._form = ctypes.create_string_buffer(1024)  # regex_t is 64 bytes in glibc.
        status = _LIBC.regcomp(self._form, text, _EXTENDED_WITHOUT_PLACES)
        if status != 0:
            raise NoExpression(self._words(status))
        self._ready = True

    def matches(self, text: bytes) -> bool:
        return bool(_LIBC.regexec(self._form, text, _NOWHERE, None, 0) == 0)

    def _words(self, status: int) -> str:
        said = ctypes.create_string_buffer(256)
        _LIBC.regerror(status, self._form, said, ctypes.c_size_t(len(said)))
        return said.value.decode("utf-8", "replace")

    def __del__(self) -> None:
        if self._ready:
            _LIBC.regfree(self._form)


@lru_cache(maxsize=256)
def flaw(text: str) -> str | None:
    """Why libc is not asked: it would take it, and choke on it or on a text."""
    if len(encoded(text)) > LONGEST or not text.isprintable():
        return f"it must be printable, and of {LONGEST} bytes at most"
    if _BACK_REFERENCE.search(text):
        return "back references can take for ever, and are not allowed"
    letter = _escaped_in_vain(text)
    if letter is not None:
        return f"\\{letter} is just {letter} to POSIX, which has [0-9], [[:alpha:]] and the like"
    try:
        return _excess(pattern.parse(text))
    except ValueError as error:
        return str(error)


def _escaped_in_vain(text: str) -> str | None:
    """A letter that somebody thinks a class, as the d of ``\\d``."""
    escaped = (token["escaped"] or "" for token in pattern.TOKEN.finditer(text))
    return next((each for each in escaped if each.isalpha() and each not in _ESCAPES), None)


def _excess(tree: Node) -> str | None:
    """What of it has no bound, or too high a one."""
    if pattern.loops_around_nothing(tree):
        return "a loop around what may be empty, as in (a?)+, can take for ever, and is not allowed"
    if pattern.repeats_places(tree):
        return "a place (^, $ and the like) within a repetition is not found as it should be, and is not allowed"
    if pattern.size(tree) > _PIECES:
        return f"with its repetitions written out it has more than {_PIECES} pieces"
    if automaton.states(tree, _taken, _STATES) > _STATES:
        return f"a text can come to more than {_STATES} combinations of places in it, and memory goes to each"
    return None


@lru_cache(maxsize=256)
def _taken(piece: str) -> frozenset[str]:
    """The characters of ASCII that a piece of an expression matches, in libc's opinion."""
    compiled = _Compiled(encoded(f"^{piece}$"))
    return frozenset(letter for letter in map(chr, range(1, 128)) if compiled.matches(letter.encode()))


def encoded(text: str) -> bytes:
    """As it is in collectd's memory."""
    return text.encode("utf-8", "surrogateescape")
