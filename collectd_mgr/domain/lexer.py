# SPDX-License-Identifier: Apache-2.0
"""collectd.conf text -> tokens, as the scanner of collectd 5.8 to 5.12 cuts it.

That scanner takes the longest match at each place, the earlier rule on a tie, and drops
without a word every character that no rule knows: ``Host = a-b`` is ``Host a b``.
Numbers are C doubles; a leading zero is no octal, and ``True`` is a word, not a boolean.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple, Union

Value = Union[str, float, bool]

END, EOL, SLASH, OPEN, CLOSE = "end of file", "end of line", "'/'", "'<'", "'>'"
WORD, STRING, NUMBER, BOOLEAN = "word", "quoted string", "number", "boolean"

#: Doubles hold every integer up to here.
EXACT = 2**53


class Token(NamedTuple):
    """``kind`` is one of the constants above; ``offset`` counts characters from 0."""

    kind: str
    value: Value
    offset: int


class Unterminated(ValueError):
    """A string that a ``\\`` carried over the end of its line never ends; ``args[0]`` is its offset."""


_SKIP = re.compile(r"[ \t\b]+|#[^\n]*|\\\r?\n")
_MARKS = {"\n": EOL, "/": SLASH, "<": OPEN, ">": CLOSE}

# The body of a string ends ahead of a raw quote, a backslash at the end of a line, or the end of the file.
_BODY = re.compile(r'[^\\"]*(?:\\.[^\\"]*)*')
_ESCAPE = re.compile(r"\\(?:\r\n|.)")
_INDENT = re.compile(r"[ \t\b]+")

_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PORT = r"(?:6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[1-9][0-9]{0,3})"
_IPV4 = rf"(?:{_BYTE}(?:\.{_BYTE}){{3}}(?::{_PORT})?)"
_HEX = r"[0-9A-Fa-f]{1,4}"
_TAIL = rf"(?:{_HEX}:{_HEX}|{_IPV4})"
# Written as in RFC 2373: what may stand before "::" grows as what stands after it shrinks.
_IPV6 = [
    rf"(?:{_HEX}:){{6}}{_TAIL}",
    rf"::(?:{_HEX}:){{5}}{_TAIL}",
    *(rf"(?:(?:{_HEX}:){{0,{before}}}{_HEX})?::(?:{_HEX}:){{{4 - before}}}{_TAIL}" for before in range(5)),
    rf"(?:(?:{_HEX}:){{0,5}}{_HEX})?::{_HEX}",
    rf"(?:(?:{_HEX}:){{0,6}}{_HEX})?::",
]
_ADDRESSES = [_IPV4, *_IPV6, rf"\[(?:{'|'.join(_IPV6)})\](?::{_PORT})?"]
_NUMBERS = [r"[+-]?[0-9]*\.[0-9]+(?:[eE][+-][0-9]+)?", r"0[xX][0-9a-fA-F]+", r"[+-]?[0-9]+"]

_BOOLEANS = ("true", "yes", "on", "false", "no", "off")

_WORDS = [
    (BOOLEAN, re.compile("|".join(_BOOLEANS))),
    *((WORD, re.compile(address)) for address in _ADDRESSES),
    *((NUMBER, re.compile(number)) for number in _NUMBERS),
    (WORD, re.compile("[0-9A-Za-z_]+")),
]

#: Most words. Of one that begins so no rule but that of booleans takes as much, unless it goes on as an address.
_PLAIN = re.compile("[A-Za-z_][0-9A-Za-z_]*")


def scan(text: str) -> Iterator[Token]:
    """The tokens of ``text``, the last one of kind ``END``; in a time that grows with its length only.

    :raises Unterminated: where collectd's scanner loses its way: it drops most of the rest, or all of it,
        and reads the next file as a part of the open string
    """
    position, size, quotes_end = 0, len(text), True
    while position < size:
        skipped = _SKIP.match(text, position)
        if skipped:
            position = skipped.end()
        elif text[position] == '"' and not quotes_end:
            position += 1
        else:
            start = position
            token, position = _token(text, start)
            # Every later quote would be met by the same search for its end, which failed here.
            quotes_end = quotes_end and (token is not None or text[start] != '"')
            if token:
                yield token
    yield Token(END, "", size)


def _token(text: str, start: int) -> tuple[Token | None, int]:
    """The token at ``start``, or None for a character that means nothing, and where to go on."""
    if text.startswith("\r\n", start):
        return Token(EOL, "", start), start + 2
    char = text[start]
    if char in _MARKS:
        return Token(_MARKS[char], char, start), start + 1
    return (_string if char == '"' else _word)(text, start)


def _word(text: str, start: int) -> tuple[Token | None, int]:
    plain = _PLAIN.match(text, start)
    if plain and plain[0] not in _BOOLEANS and not text.startswith(":", plain.end()):
        return Token(WORD, plain[0], start), plain.end()
    kind, end = "", start
    for candidate, pattern in _WORDS:
        match = pattern.match(text, start)
        if match and match.end() > end:
            kind, end = candidate, match.end()
    return (Token(kind, _value(kind, text[start:end]), start), end) if kind else (None, start + 1)


def _value(kind: str, word: str) -> Value:
    if kind == BOOLEAN:
        return word in ("true", "yes", "on")
    return simplest(_strtod(word)) if kind == NUMBER else word


def simplest(number: float) -> float:
    """A number as an int where that says the same, because it reads better in an answer."""
    whole = float(number).is_integer() and abs(number) <= EXACT and str(number) != "-0.0"
    return int(number) if whole else float(number)


def _strtod(word: str) -> float:
    try:
        return float.fromhex(word) if word[:2] in ("0x", "0X") else float(word)
    except OverflowError:
        return float("inf")


def _string(text: str, start: int) -> tuple[Token | None, int]:
    """A string up to its end; a quote that nothing ends is dropped like any unknown character."""
    end = _body_end(text, start + 1)
    if text.startswith('"', end):
        return Token(STRING, _unquoted(text[start + 1 : end]), start), end + 1
    if text.startswith("\\\n", end):
        return _continued(text, start, end)
    if "\\\r\n" in _ESCAPE.findall(text, start, end):
        raise Unterminated(start)
    return None, start + 1


def _continued(text: str, start: int, end: int) -> tuple[Token, int]:
    """A string with a backslash at the end of a line: the line break and the next indentation go.

    The first character behind the indentation is taken as it is, even if it is a quote.
    """
    parts = [text[start + 1 : end]]
    while text.startswith("\\\n", end):
        indent = _INDENT.match(text, end + 2)
        begin = indent.end() if indent else end + 2
        end = _body_end(text, begin + 1)
        parts.append(text[begin:end])
    if not text.startswith('"', end):
        raise Unterminated(start)
    return Token(STRING, _unquoted("".join(parts)), start), end + 1


def _body_end(text: str, start: int) -> int:
    match = _BODY.match(text, start)
    return match.end() if match else start


def _unquoted(raw: str) -> str:
    return re.sub(r"\\(.?)", r"\1", raw, flags=re.DOTALL) if "\\" in raw else raw
