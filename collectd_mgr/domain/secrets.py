# SPDX-License-Identifier: Apache-2.0
"""Secrets in a configuration: found by their names, masked on the way out, put back on the way in.

A secret is the value of an option that is called like one (``Password``, ``Community``, ``AuthPassphrase``, ...),
every value in a block that is called so, an argument after such a name (``DriverOption "password" "x"``), what is sent
to a server (``Post``, ``Header``), and the part of any string that looks like one: see
:mod:`collectd_mgr.domain.masking`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import config as forms
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.lexer import Value
from collectd_mgr.domain.masking import MASK, is_secret, mask_header, mask_string, mask_text

__all__ = ["MASK", "mask", "mask_items", "mask_text", "mask_words", "unmask", "unmask_items"]

#: The whole value is somebody's business only: what is sent to a server.
_BODIES = frozenset({"body", "connectid", "post"})

#: Options that say where the secrets beside them go, or who may listen there: of collectd's plugins, and called alike.
_DESTINATION = re.compile(
    r"[\w.-]*(?:ur[il]|host|hostname|addr|hostaddr|address|server|node|(?<!re)port|sock|socket|endpoint|broker|brokers?\.list"
    r"|peer|proxy|protocol|service|securitylevel|digest)(?:es|s|file|path)?"
    r"|connect(?!\w*timeout)\w*|(?:ssl|tls)[\w.-]*|\w*(?:ssl|tls)|verify\w*|ca(?:cert\w*|file|path)?",
    re.IGNORECASE,
)

#: Characters of a reason or a description that are kept.
_WORDS = 255


def mask(config: Any) -> Any:
    """A JSON config (or None) with its secrets masked, in the form for people. Safe to repeat."""
    return None if config is None else shown(forms.known(config))


def shown(items: tuple[Item, ...]) -> Any:
    """The same of statements that somebody has read already."""
    return forms.to_readable(mask_items(items))


def unmask(new: Any, old: Any) -> Any:
    """``new``, in the canonical form, with every mask in it replaced by the secret that ``old`` has in that place.

    Places are told by names and arguments, never by a bare position, so that no secret goes
    to another block because a list became shorter. Who may not see a secret may not send it elsewhere either: what
    says where it goes, in its block and those around it, has to be as before.

    :raises BadConfig: where ``old`` has nothing that the mask could stand for, or has it for another destination
    """
    if new is None:
        return None
    return forms.to_json(unmask_items(forms.from_any(new), forms.from_any(old)))


def mask_items(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(_mask_item(item) for item in items)


def unmask_items(new: tuple[Item, ...], old: tuple[Item, ...], inside: bool = False) -> tuple[Item, ...]:
    """As :func:`unmask`, for the statements of one block.

    :param inside: of one that is a secret as a whole
    """
    places = _Places(new, old, inside)
    _check_destinations(new, old)
    return tuple(_restore(item, places.before(item), inside) if _masked(item) else item for item in new)


def mask_words(text: str) -> str:
    """What somebody says in words of their own (a reason, a description), as it may be kept: as long as it may be."""
    return mask_text(text)[:_WORDS]


def _mask_item(item: Item, inside: bool = False) -> Item:
    whole = inside or _is_whole_secret(item)
    children = None if item.children is None else tuple(_mask_item(child, whole) for child in item.children)
    return Item(item.key, _mask_values(item, whole), children)


def _mask_values(item: Item, whole: bool) -> tuple[Value, ...]:
    key = item.key.lower()
    if whole:
        return tuple(_mask_value(value) for value in item.values)
    if key.endswith(("header", "headers")):
        return tuple(mask_header(value) if isinstance(value, str) else value for value in item.values)
    return tuple(_mask_arguments(item.values))


def _is_whole_secret(item: Item) -> bool:
    """``Key`` of curl_json and curl_xml is a block, and holds a path."""
    key = item.key.lower()
    return (is_secret(key) and not (key == "key" and item.children is not None)) or key in _BODIES


def _mask_value(value: Value) -> Value:
    """A switch tells nothing."""
    return value if isinstance(value, bool) else MASK


def _mask_arguments(values: tuple[Value, ...]) -> Iterator[Value]:
    """All that follows a secret's name, if it is the first (``DriverOption "password" "x"``); else what follows it."""
    before: Value = ""
    for place, value in enumerate(values):
        first = place > 0 and isinstance(values[0], str) and is_secret(values[0])
        named = isinstance(before, str) and before.startswith("-") and is_secret(before.lstrip("-"))
        masked = mask_string(value) if isinstance(value, str) else value
        yield _mask_value(value) if first or named else masked
        before = value


def _masked(item: Item) -> bool:
    return any(isinstance(value, str) and MASK in value for value in item.values) or any(
        _masked(child) for child in item.children or ()
    )


def _check_destinations(new: tuple[Item, ...], old: tuple[Item, ...]) -> None:
    """:raises BadConfig: there are masks in a block whose secrets would go elsewhere"""
    masked = [item for item in new if _masked(item)]
    for item in masked[:1] + [each for each in masked if each.children is None][:1]:
        # Blocks beside a block (other hosts) are not its business; an option may be for the blocks beside it.
        blocks = item.children is None
        before = list(_destinations(old, blocks))
        now = list(_destinations(new, blocks))
        if len(now) != len(before) or not all(map(_is_same, now, before)):
            reason = "a mask beside another address, or another check of it, than its secret is stored for"
            raise _refused(item, f"{reason}; send the secret itself")


def _destinations(items: tuple[Item, ...], blocks: bool) -> Iterator[Item]:
    """In an order that does not depend on that of options of different names.

    :param blocks: those in blocks, and blocks that are called so, too: a plugin may read one as if it were an option
    """
    for item in sorted(items, key=lambda each: each.key.lower()):
        if item.children is not None and not blocks:
            continue
        first = item.values[0] if len(item.values) > 1 else ""
        if _DESTINATION.fullmatch(item.key) or (isinstance(first, str) and _DESTINATION.fullmatch(first)):
            yield item
        yield from _destinations(item.children or (), blocks)


def _is_same(now: Item, before: Item) -> bool:
    """Each value as it was or as it was shown. Not what is masked alike: that may be another host."""
    shown = _mask_item(before).values
    return (
        now.key.lower() == before.key.lower()
        and len(now.values) == len(shown)
        and all(value in known for value, known in zip(now.values, zip(before.values, shown)))
    )


class _Places:
    """Where the statements of a block were before; asked once for each masked one, in their order."""

    def __init__(self, new: tuple[Item, ...], old: tuple[Item, ...], inside: bool) -> None:
        self._equal: dict[Item, list[Item]] = {}
        self._alike: dict[tuple[str, tuple[Value, ...]], list[Item]] = {}
        for item in old:
            masked = _mask_item(item, inside)
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


def _restore(item: Item, before: Item, inside: bool) -> Item:
    whole = inside or _is_whole_secret(before)
    values = tuple(
        secret if value == masked else value
        for value, masked, secret in zip(item.values, _mask_values(before, whole), before.values)
    )
    children = None if item.children is None else unmask_items(item.children, before.children or (), whole)
    restored = Item(item.key, values + item.values[len(values) :], children)
    if _masked(restored):
        raise _nothing_behind(item)
    return restored


def _nothing_behind(item: Item) -> exception.BadConfig:
    return _refused(item, "a mask that stands for no secret that is stored; send the secret itself")


def _refused(item: Item, reason: str) -> exception.BadConfig:
    return exception.BadConfig(f"{item.key}: {reason}", path=item.key, reason=reason)
