# SPDX-License-Identifier: Apache-2.0
"""The ``config`` of a plugin: the statements within its ``<Plugin>`` block, as JSON or as text.

==============================================  =====================================================
JSON                                            collectd.conf
==============================================  =====================================================
``{"ReportByCpu": false}``                      ``ReportByCpu false``
``{"Disk": ["sda", "sdb"]}``                    ``Disk "sda"`` and ``Disk "sdb"``
``{"Cores": {"args": ["0-2", "3,4,6"]}}``       ``Cores "0-2" "3,4,6"``
``{"Process": {"args": "x", "Context": true}}``  ``<Process "x">`` with ``Context true`` in it
``[["Data", {...}], ["Host", {...}]]``          the same, where the order of different options counts
``{"Data": [["args", "x"], ["Table", true]]}``  the pairs form of one block
``{"Data": [[["args", "x"], ...], ...]}``       the pairs form of a block that is repeated
==============================================  =====================================================

The name ``args`` means a block's arguments: as a key of an object, and as the name of the first pair of
an array. So an option that is itself called ``args`` has a pairs form only, behind a first pair of that
name (an empty list where the block has no arguments): ``[["args", []], ["args", "the option"]]``.

A pair is an array that begins with a string; so an array that begins with a pair is one block, and one
that begins with anything else is an option repeated. An object with ``args`` alone is a line; a block that
has arguments and nothing in it is the pairs form, ``[["args", "x"]]`` (collectd sees no difference).

The order of an object's keys is the order in the text, as long as nobody sorts them: :func:`to_json` gives a
form in which that cannot matter, to be stored and compared; :func:`to_readable` the one for answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import burden, grammar
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.lexer import Value, simplest

ARGS = "args"

#: What one config may hold; far above any real one, far below what would hurt.
MAX_DEPTH = 32
MAX_ITEMS = 20_000
MAX_CHARACTERS = 1 << 20

_HEAVY = (
    "as a regular expression it would take collectd too much memory, or its stack: it has too many parentheses within "
    "parentheses, or too much is repeated or may be left out"
)

#: Plugins in whose own configuration blocks are called ``Plugin``.
_OF_PLUGINS = ("java", "perl", "threshold")

_Body = tuple["tuple[Value, ...]", "tuple[Item, ...]"]


def from_json(value: Any) -> tuple[Item, ...]:
    """The statements that a JSON config means: the children of ``<Plugin NAME>``.

    :param value: an object or an array of pairs, as ``json.loads`` gives it
    :raises exception.BadConfig: with ``path`` and ``reason``, where the JSON has no meaning, is above a limit, or
        collectd could not hold it (see :func:`collectd_mgr.domain.grammar.render`)
    """
    return checked(_children(value))


def _children(value: Any) -> tuple[Item, ...]:
    arguments, children = _body(value, ())
    if arguments:
        raise _bad((ARGS,), f"the block of a plugin has no arguments; for an option: [[{ARGS!r}, []], [{ARGS!r}, ...]]")
    return children


def to_json(items: Iterable[Item]) -> Any:
    """The canonical JSON of ``items``: to compare, to take digests of and to store.

    The order of an object's keys means nothing here: it is the order of their names, and whatever is in another
    order is an array of pairs. So a sort of the keys by name changes nothing, and two configs whose
    order differs are never equal. ``from_json(to_json(items)) == items`` for everything that collectd can hold.
    """
    return _body_json(tuple(items), _is_sorted)


def to_readable(items: Iterable[Item]) -> Any:
    """The JSON of ``items`` for people: an object wherever its keys, in their order, can say the same.

    ``from_json(to_readable(items)) == items`` as long as nobody reorders the keys on the way.
    """
    return _body_json(tuple(items), _is_grouped)


def from_text(text: str, name: str = "config") -> tuple[Item, ...]:
    """The statements of a config that is collectd.conf text; the last line may lack its newline.

    :raises exception.BadGrammar: where collectd could not read it
    :raises exception.BadConfig: where it is above a limit
    """
    if len(text) > MAX_CHARACTERS:
        raise _bad((), f"more than {MAX_CHARACTERS} characters")
    return checked(grammar.parse(text + "\n", name))


def from_any(value: Any) -> tuple[Item, ...]:
    """The statements of a config in either form; None and "" are no statements at all.

    :raises exception.BadGrammar, exception.BadConfig: as :func:`from_text` and :func:`from_json`
    """
    if value is None:
        return ()
    return from_text(value) if isinstance(value, str) else from_json(value)


def known(value: Any) -> tuple[Item, ...]:
    """As :func:`from_any`, of JSON that was taken before, or is what the operator's own files say: within no limits."""
    return () if value is None else _children(value)


def within(plugin: str, items: tuple[Item, ...]) -> tuple[Item, ...]:
    """``items`` as they are, if they can be what stands within the block of ``plugin``, and are not that block.

    :raises exception.BadConfig: otherwise: collectd would have a block in the block, and most plugins heed none
    """
    block = ("plugin", (plugin.lower(),))
    for item in items if plugin.lower() not in _OF_PLUGINS else ():
        if item.children is not None and (item.key.lower(), tuple(str(each).lower() for each in item.values)) == block:
            raise _bad(
                (item.key,), f"a config is what stands within <Plugin {plugin}>: leave that line and its end out"
            )
    return items


def light(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """``items`` as they are, if collectd can compile their strings, should they be regular expressions.

    :raises exception.BadConfig: otherwise
    """
    shares = [(burden.burden(text), path) for path, text in _strings(items, ())]
    if sum(share for share, _ in shares) > 1:
        raise _bad(max(shares)[1], _HEAVY)
    return items


def to_text(items: Iterable[Item]) -> str:
    """``items`` as collectd.conf text."""
    return grammar.render(items)


def checked(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """``items`` as they are, if they are within the limits and collectd can hold them.

    :raises exception.BadConfig: otherwise
    """
    if _count(items, 1) > MAX_ITEMS:
        raise _bad((), f"more than {MAX_ITEMS} statements")
    if len(grammar.render(items)) > 2 * MAX_CHARACTERS:
        raise _bad((), f"more than {2 * MAX_CHARACTERS} characters of text")
    return items


def plugin_block(name: str, items: Iterable[Item]) -> Item:
    """``<Plugin "name">`` with ``items`` in it."""
    return Item("Plugin", (name,), tuple(items))


def load_plugin(name: str, interval: float | None = None, **options: Value) -> Item:
    """``LoadPlugin "name"``, a block if it has an interval (in seconds) or other options (``Globals=True``)."""
    given = {**({} if interval is None else {"Interval": interval}), **options}
    children = tuple(Item(option, (value,)) for option, value in given.items())
    return Item("LoadPlugin", (name,), children or None)


# --- from JSON: a body is what is between the tags of a block -------------------


def _body(value: Any, path: tuple[str, ...]) -> _Body:
    if len(path) > MAX_DEPTH:
        raise _bad(path, f"blocks more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        return _object_body(value, path)
    if isinstance(value, list):
        return _pairs_body(value, path)
    raise _bad(path, "a config is an object or an array of [name, value] pairs")


def _object_body(value: dict[Any, Any], path: tuple[str, ...]) -> _Body:
    arguments = _arguments(value[ARGS], path) if ARGS in value else ()
    return arguments, tuple(item for name in value if name != ARGS for item in _items(name, value[name], path))


def _pairs_body(pairs: list[Any], path: tuple[str, ...]) -> _Body:
    for pair in pairs:
        if not _is_pair(pair):
            raise _bad(path, "an array of pairs holds [name, value] and nothing else")
    first = pairs[:1] if pairs and pairs[0][0] == ARGS else []
    arguments = _arguments(first[0][1], path) if first else ()
    return arguments, tuple(item for name, value in pairs[len(first) :] for item in _items(name, value, path))


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)


def _items(name: Any, value: Any, path: tuple[str, ...]) -> list[Item]:
    """The statements of this name: none for an empty list, several for a list of several."""
    here = (*path, str(name))
    if not isinstance(name, str):
        raise _bad(here, "a name is a string")
    if isinstance(value, list) and not (value and _is_pair(value[0])):
        return [_item(name, each, here) for each in value]
    return [_item(name, value, here)]


def _item(name: str, value: Any, path: tuple[str, ...]) -> Item:
    if isinstance(value, dict) and set(value) == {ARGS}:
        return Item(name, _arguments(value[ARGS], path))
    if isinstance(value, (dict, list)):
        return Item(name, *_body(value, path))
    return Item(name, (_scalar(value, path),))


def _arguments(value: Any, path: tuple[str, ...]) -> tuple[Value, ...]:
    return tuple(_scalar(each, path) for each in (value if isinstance(value, list) else [value]))


def _scalar(value: Any, path: tuple[str, ...]) -> Value:
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)):
        return simplest(value) if grammar.exact(value) else value
    raise _bad(path, "a value is a string, a number or a boolean")


# --- to JSON ---------------------------------------------------------------------

# Whether these statements may be an object.
_Fits = Callable[["tuple[Item, ...]"], bool]


def _is_grouped(items: tuple[Item, ...]) -> bool:
    """Whether options of one name stand together."""
    names = [name for name, _ in groupby(item.key for item in items)]
    return len(names) == len(set(names)) and ARGS not in names


def _is_sorted(items: tuple[Item, ...]) -> bool:
    names = [item.key for item in items]
    return names == sorted(names) and ARGS not in names


def _body_json(items: tuple[Item, ...], fits: _Fits) -> Any:
    return _object(items, fits) if fits(items) else _pairs((), items, fits)


def _object(items: tuple[Item, ...], fits: _Fits) -> dict[str, Any]:
    grouped: dict[str, list[Any]] = {}
    for item in items:
        grouped.setdefault(item.key, []).append(_value(item, fits))
    return {key: values[0] if len(values) == 1 else values for key, values in grouped.items()}


def _pairs(arguments: tuple[Value, ...], items: tuple[Item, ...], fits: _Fits) -> list[list[Any]]:
    named = bool(arguments) or any(item.key == ARGS for item in items[:1])
    head: list[list[Any]] = [[ARGS, _folded(arguments)]] if named else []
    return head + [[item.key, _value(item, fits)] for item in items]


def _value(item: Item, fits: _Fits) -> Any:
    if item.children is None:
        return item.values[0] if len(item.values) == 1 else {ARGS: list(item.values)}
    if not item.children or not fits(item.children):
        return _pairs(item.values, item.children, fits)
    head = {ARGS: _folded(item.values)} if item.values else {}
    return {**head, **_object(item.children, fits)}


def _folded(arguments: tuple[Value, ...]) -> Any:
    return arguments[0] if len(arguments) == 1 else list(arguments)


# --- limits ------------------------------------------------------------------------


def _count(items: tuple[Item, ...], depth: int) -> int:
    if depth > MAX_DEPTH + 1:
        raise _bad((), f"blocks more than {MAX_DEPTH} deep")
    return len(items) + sum(_count(item.children, depth + 1) for item in items if item.children)


def _strings(items: Iterable[Item], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for item in items:
        here = (*above, item.key)
        yield from ((here, value) for value in item.values if isinstance(value, str))
        yield from _strings(item.children or (), here)


def _bad(path: tuple[str, ...], reason: str) -> exception.BadConfig:
    where = " > ".join(path)
    return exception.BadConfig(f"{where}: {reason}" if where else reason, path=where, reason=reason)
