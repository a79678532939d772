# SPDX-License-Identifier: Apache-2.0
"""collectd's configuration grammar, both ways: text -> items -> text.

``parse`` and ``render`` are inverse: ``parse(render(items)) == items``, whatever the
strings hold, so nothing that a user sends can leave the place it was put in.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from collectd_mgr import exception
from collectd_mgr.domain import lexer
from collectd_mgr.domain.lexer import Token, Value

#: Blocks within blocks. collectd's own parser goes deeper, none of its plugins does.
MAX_DEPTH = 64

_ARGUMENTS = (lexer.WORD, lexer.STRING, lexer.NUMBER, lexer.BOOLEAN)


@dataclass(frozen=True)
class Item:
    """One statement: an option line (``children`` is None) or a block (a tuple, empty or not).

    ``values`` are str, bool, and numbers: collectd keeps them as C doubles; here they are int
    where that is the same number, else float. Beware that ``True == 1`` in Python.
    collectd itself cannot tell a block without children from an option line, and drops
    one that has no values either.
    """

    key: str
    values: tuple[Value, ...] = ()
    children: tuple[Item, ...] | None = None


def parse(text: str, name: str = "<config>") -> tuple[Item, ...]:
    """The statements of ``text``, as collectd's parser understands them.

    Accepts what collectd 5.8 to 5.12 accept and nothing else, with three exceptions where they go
    wrong in silence: a NUL (cuts strings short), a string that is continued on a next line and does not
    end (swallows the next file), and blocks more than ``MAX_DEPTH`` deep.

    :param name: what to call the text in an error, for example its path
    :raises exception.BadGrammar: with ``line`` and ``column`` (from 1) and ``reason``
    """
    nul = text.find("\0")
    if nul >= 0:
        raise _bad(text, name, nul, "a NUL character")
    try:
        return _Parser(text, name).statements()
    except lexer.Unterminated as error:
        raise _bad(text, name, error.args[0], "the string never ends") from error


def render(items: Iterable[Item], indent: int = 0) -> str:
    """``items`` as text that every collectd since 5.0 reads back as the same items.

    :param indent: how many levels to indent by (one space each); no influence on the meaning
    :raises exception.BadConfig: with ``path`` and ``reason``, where collectd could not hold an item
        unchanged: NUL, lone surrogates, numbers that are not finite or not exact in a C double, keys
        that are no single word, options without values, empty blocks without values, too deep blocks
    """
    return "".join(f"{' ' * level}{line}\n" for level, line in _lines(tuple(items), indent, ()))


def _bad(text: str, name: str, offset: int, reason: str) -> exception.BadGrammar:
    before = text[:offset]
    line, column = before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
    return exception.BadGrammar(f"{name}:{line}:{column}: {reason}", line=line, column=column, reason=reason)


@dataclass
class _Open:
    """A block whose end has not been seen."""

    key: str = ""
    values: tuple[Value, ...] = ()
    offset: int = 0
    children: list[Item] = field(default_factory=list)

    def add(self, item: Item) -> None:
        """collectd forgets a block that has neither values nor children."""
        if item.values or item.children:
            self.children.append(item)


class _Parser:
    """One pass over the tokens; ``stack[-1]`` is the block that is being filled."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name
        self.tokens = lexer.scan(text)
        self.stack = [_Open()]

    def statements(self) -> tuple[Item, ...]:
        for token in self.tokens:
            if token.kind == lexer.WORD:
                self.option(token)
            elif token.kind == lexer.OPEN:
                self.tag()
            elif token.kind == lexer.END:
                break
            elif token.kind != lexer.EOL:
                raise self.unexpected(token, "an option or a block")
        return self.finished()

    def finished(self) -> tuple[Item, ...]:
        block = self.stack.pop()
        if self.stack:
            raise _bad(self.text, self.name, block.offset, f"the block <{block.key}> is not closed")
        return tuple(block.children)

    def option(self, key: Token) -> None:
        values = self.arguments(lexer.EOL)
        if not values:
            raise _bad(self.text, self.name, key.offset, f"the option {key.value} has no value")
        self.stack[-1].add(Item(str(key.value), values))

    def tag(self) -> None:
        token = next(self.tokens)
        if token.kind == lexer.SLASH:
            self.close(self.expect(lexer.WORD))
        elif token.kind == lexer.WORD:
            self.open(token)
        else:
            raise self.unexpected(token, "the name of a block")

    def open(self, key: Token) -> None:
        if len(self.stack) > MAX_DEPTH:
            raise _bad(self.text, self.name, key.offset, f"blocks more than {MAX_DEPTH} deep")
        values = self.arguments(lexer.CLOSE)
        self.expect(lexer.EOL)
        self.stack.append(_Open(str(key.value), values, key.offset))

    def close(self, key: Token) -> None:
        self.expect(lexer.CLOSE)
        self.expect(lexer.EOL)
        if len(self.stack) == 1 or key.value != self.stack[-1].key:
            raise _bad(self.text, self.name, key.offset, f"</{key.value}> closes no open block of this name")
        block = self.stack.pop()
        self.stack[-1].add(Item(block.key, block.values, tuple(block.children)))

    def arguments(self, end: str) -> tuple[Value, ...]:
        values: list[Value] = []
        for token in self.tokens:
            if token.kind == end:
                break
            if token.kind not in _ARGUMENTS:
                raise self.unexpected(token, f"a value or {end}")
            values.append(token.value)
        return tuple(values)

    def expect(self, kind: str) -> Token:
        token = next(self.tokens)
        if token.kind != kind:
            raise self.unexpected(token, kind)
        return token

    def unexpected(self, token: Token, wanted: str) -> exception.BadGrammar:
        return _bad(self.text, self.name, token.offset, f"{token.kind} where {wanted} should be")


def _lines(items: tuple[Item, ...], level: int, path: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    for item in items:
        here = (*path, item.key)
        words = " ".join([_key(item.key, here), *(_word(value, here) for value in item.values)])
        if not item.values and not item.children:
            raise _unfit(here, "collectd knows no statement without a value")
        if len(here) > MAX_DEPTH + (item.children is None):
            raise _unfit(here, f"blocks more than {MAX_DEPTH} deep")
        if item.children is None:
            yield level, words
            continue
        yield level, f"<{words}>"
        yield from _lines(item.children, level + 1, here)
        yield level, f"</{item.key}>"


def _key(key: str, path: tuple[str, ...]) -> str:
    if not _is_name(key):
        raise _unfit(path, "the name of an option is letters, digits and _, and neither number nor boolean")
    return key


@functools.lru_cache(maxsize=1024)
def _is_name(key: str) -> bool:
    """The names of options are few, and come again with every rendering."""
    tokens = list(lexer.scan(key)) if key.isascii() and '"' not in key else []
    return len(tokens) == 2 and tokens[0] == (lexer.WORD, key, 0)


def _word(value: Value, path: tuple[str, ...]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _quoted(value, path)
    if isinstance(value, (int, float)):
        return _number(value, path)
    raise _unfit(path, f"a value of type {type(value).__name__}")


def _quoted(value: str, path: tuple[str, ...]) -> str:
    if "\0" in value:
        raise _unfit(path, "a NUL character in a string")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise _unfit(path, "a lone surrogate in a string")
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _number(value: float, path: tuple[str, ...]) -> str:
    """The grammar knows exponents only behind a decimal point and with a sign: ``1e+22`` is no number."""
    if not exact(value):
        raise _unfit(path, "a number that a C double cannot hold")
    if isinstance(value, int):
        return str(value)
    mantissa, mark, exponent = repr(value).partition("e")
    return mantissa + ("" if "." in mantissa else ".0") + mark + exponent


def exact(value: float) -> bool:
    """Whether a C double holds this very number."""
    try:
        return math.isfinite(value) and float(value) == value
    except OverflowError:
        return False


def _unfit(path: tuple[str, ...], reason: str) -> exception.BadConfig:
    where = " > ".join(path)
    return exception.BadConfig(f"{where}: {reason}", path=where, reason=reason)
