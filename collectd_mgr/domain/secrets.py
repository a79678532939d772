# SPDX-License-Identifier: Apache-2.0
"""Secrets in a configuration: found by their names, masked on the way out, put back on the way in.

A secret is the value of an option that is called like one (``Password``, ``Community``,
``AuthPassphrase``, ...), an argument after such a name (``DriverOption "password" "x"``), and the part of any
string that a URL or a connect string makes one (``https://user:SECRET@host``, ``password=SECRET``).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import config as forms
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.lexer import Value

#: What a reader sees in the place of a secret; sent back, it means "as it is".
MASK = "********"

_WORD = (
    r"[\w.-]*(?:pass(?:word|wd|phrase|code)?|secret|community|token|credentials?|authorization"
    r"|(?:api|access|secret|auth|private|encryption|account)[_-]?key|pwd)"
)

#: A whole name. ``Key`` is one only as an option: curl_json's and curl_xml's blocks of that name hold a path.
_NAME = re.compile(_WORD, re.IGNORECASE)

# Each pattern begins where a word begins, and nowhere within it: otherwise a long word costs the square of its length.

_URL = re.compile(
    r"(?<![a-z0-9+.-])(?P<before>[a-z][a-z0-9+.-]*://[^\s/:@\"']*:)(?P<secret>[^\s/@\"']+)(?=@)", re.IGNORECASE
)

_ASSIGNED = re.compile(rf"(?<![\w.-])(?P<before>{_WORD}\s*=\s*)(?P<secret>'[^']*'|[^\s;&,'\"]+)", re.IGNORECASE)

_HEADER = re.compile(
    r"(?<![\w-])(?P<before>(?:authorization|[\w-]*(?:token|api-key|secret)):\s*)(?P<secret>.+)", re.IGNORECASE
)

_STRING = r'"(?:[^"\\]|\\.)*"?'

#: In collectd.conf text or a line of a log: all that follows a secret's name on the line, or is quoted.
_STATEMENT = re.compile(
    rf"(?P<before>(?:^|(?<=[\s<\"']))(?:{_WORD}|key)\"?[ \t]+)(?P<secret>(?:{_STRING}|[^\s\"<>]+)(?:[ \t]+{_STRING})*)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)


def mask(config: Any) -> Any:
    """A JSON config (or None) with its secrets masked, in the form for people. Safe to repeat."""
    return None if config is None else forms.to_readable(mask_items(forms.from_any(config)))


def unmask(new: Any, old: Any) -> Any:
    """``new``, in the canonical form, with every mask in it replaced by the secret that ``old`` has in that place.

    Places are told by names and arguments, never by a bare position, so that no secret goes
    to another block because a list became shorter.

    :raises BadConfig: where ``old`` has nothing that the mask could stand for
    """
    if new is None:
        return None
    return forms.to_json(unmask_items(forms.from_any(new), forms.from_any(old)))


def mask_text(text: str) -> str:
    """Any text (collectd.conf, a line of a log, an error) without the secrets that can be told. Safe to repeat."""
    return _STATEMENT.sub(_statement, _mask_string(text))


def mask_items(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(_mask_item(item) for item in items)


def unmask_items(new: tuple[Item, ...], old: tuple[Item, ...]) -> tuple[Item, ...]:
    """As :func:`unmask`, for the statements of one block."""
    places = _Places(new, old)
    return tuple(_restore(item, places.before(item)) if _masked(item) else item for item in new)


def _statement(found: re.Match[str]) -> str:
    quote = '"' if found["secret"].startswith('"') else ""
    return f"{found['before']}{quote}{MASK}{quote}"


def _mask_string(text: str) -> str:
    if ":" not in text and "=" not in text:
        return text  # Each of the patterns has one of them.
    for pattern in (_URL, _ASSIGNED, _HEADER):
        text = pattern.sub(rf"\g<before>{MASK}", text)
    return text


def _mask_item(item: Item) -> Item:
    children = None if item.children is None else mask_items(item.children)
    return Item(item.key, _mask_values(item), children)


def _mask_values(item: Item) -> tuple[Value, ...]:
    if _secret_name(item.key) or (item.children is None and item.key.lower() == "key"):
        return tuple(MASK for _ in item.values)
    if item.values and isinstance(item.values[0], str) and _secret_name(item.values[0]):
        return (item.values[0], *(MASK for _ in item.values[1:]))
    return tuple(_mask_string(value) if isinstance(value, str) else value for value in item.values)


def _secret_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


def _masked(item: Item) -> bool:
    return any(isinstance(value, str) and MASK in value for value in item.values) or any(
        _masked(child) for child in item.children or ()
    )


class _Places:
    """Where the statements of a block were before; asked once for each masked one, in their order."""

    def __init__(self, new: tuple[Item, ...], old: tuple[Item, ...]) -> None:
        self._equal: dict[Item, list[Item]] = {}
        self._alike: dict[tuple[str, tuple[Value, ...]], list[Item]] = {}
        for item in old:
            masked = _mask_item(item)
            self._equal.setdefault(masked, []).append(item)
            self._alike.setdefault((item.key.lower(), masked.values), []).append(item)
        self._wanted = Counter(new)
        self._given: Counter[Item] = Counter()

    def before(self, item: Item) -> Item:
        """What is equal but for the secrets, or else the one block of these arguments. :raises BadConfig:"""
        equal = self._equal.get(item, [])
        place, self._given[item] = self._given[item], self._given[item] + 1
        if len(set(equal)) == 1 or (equal and len(equal) == self._wanted[item]):
            return equal[min(place, len(equal) - 1)]
        alike = [each for each in self._alike.get((item.key.lower(), item.values), []) if each.children is not None]
        if len(alike) == 1 and item.children is not None:
            return alike[0]
        raise _nothing_behind(item)


def _restore(item: Item, before: Item) -> Item:
    values = tuple(
        secret if value == masked else value
        for value, masked, secret in zip(item.values, _mask_values(before), before.values)
    )
    children = None if item.children is None else unmask_items(item.children, before.children or ())
    restored = Item(item.key, values + item.values[len(values) :], children)
    if _masked(restored):
        raise _nothing_behind(item)
    return restored


def _nothing_behind(item: Item) -> exception.BadConfig:
    reason = "a mask that stands for no secret that is stored; send the secret itself"
    return exception.BadConfig(f"{item.key}: {reason}", path=item.key, reason=reason)
