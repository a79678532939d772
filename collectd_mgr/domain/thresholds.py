# SPDX-License-Identifier: Apache-2.0
"""Thresholds as settings: JSON, and collectd's ``<Plugin threshold>`` block, both ways.

::

    {"type": "cpu", "plugin": "cpu", "type_instance": "idle", "failure_min": 5.0, "hits": 3}

A threshold is for every metric that has the parts it names; collectd takes the one that names most (see
:func:`candidates`). What is absent is collectd's default: no bound, no hits, interesting.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.lexer import Value
from collectd_mgr.domain.metrics import PART_LIMIT, Identifier, shown

#: collectd's plugin for them.
PLUGIN = "threshold"

#: The parts of an identifier that a threshold may name, in collectd's order; ``type`` it must.
PARTS = ("host", "plugin", "plugin_instance", "type", "type_instance")
TEXTS = (*PARTS, "data_source")
BOUNDS = ("warning_min", "warning_max", "failure_min", "failure_max")
FLAGS = ("invert", "persist", "persist_ok", "percentage", "interesting")

#: The options in a ``<Type>`` block, by the key of a setting.
_OPTIONS = {
    "type_instance": "Instance",
    "data_source": "DataSource",
    "warning_min": "WarningMin",
    "warning_max": "WarningMax",
    "failure_min": "FailureMin",
    "failure_max": "FailureMax",
    "hysteresis": "Hysteresis",
    "hits": "Hits",
    "invert": "Invert",
    "persist": "Persist",
    "persist_ok": "PersistOK",
    "percentage": "Percentage",
    "interesting": "Interesting",
}
_KEYS = {option.lower(): key for key, option in _OPTIONS.items()}

Threshold = Mapping[str, Any]


def normal(setting: Threshold) -> dict[str, Any]:
    """``setting`` checked, without what is collectd's default anyway.

    :raises BadSetting: with ``field``
    """
    given = {key: value for key, value in setting.items() if value is not None}
    unknown = sorted(set(given) - {*TEXTS, *BOUNDS, *FLAGS, "hits", "hysteresis"})
    if unknown:
        raise _bad(unknown[0], "a threshold has no such key")
    kept = {key: _CHECKS[key](key, value) for key, value in sorted(given.items())}
    kept = plain(kept)
    _check_whole(kept)
    return kept


def plain(setting: Threshold) -> dict[str, Any]:
    """Without what is collectd's default anyway."""
    return {key: value for key, value in setting.items() if value != _DEFAULTS.get(key)}


def _check_whole(setting: Threshold) -> None:
    if "type" not in setting:
        raise _bad("type", "a threshold names a type")
    if "plugin_instance" in setting and "plugin" not in setting:
        raise _bad("plugin_instance", "an instance is one of a plugin, which must be named")
    if not any(bound in setting for bound in BOUNDS) and not setting.get("interesting", True):
        raise _bad("interesting", "without a bound and not interesting it would do nothing")
    for level in ("warning", "failure"):
        low, high = setting.get(f"{level}_min"), setting.get(f"{level}_max")
        if low is not None and high is not None and low > high:
            raise _bad(f"{level}_min", f"it is above {level}_max")


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable() or "/" in value:
        raise _bad(key, "printable text without a slash is wanted; collectd has none in a name")
    if len(value.encode("utf-8", "surrogateescape")) >= PART_LIMIT:
        raise _bad(key, f"{PART_LIMIT} bytes or more")
    return value


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= sys.float_info.max:
        raise _bad(key, "a finite number is wanted")
    return float(value) + 0.0  # There is no negative zero.


def _not_negative(key: str, value: Any) -> float:
    number = _number(key, value)
    if number < 0:
        raise _bad(key, "it must not be negative")
    return number


def _count(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise _bad(key, "a whole number is wanted, not negative")
    return value


def _flag(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _bad(key, "true or false is wanted")
    return value


_CHECKS: dict[str, Any] = {
    **dict.fromkeys(TEXTS, _text),
    **dict.fromkeys(BOUNDS, _number),
    **dict.fromkeys(FLAGS, _flag),
    "hits": _count,
    "hysteresis": _not_negative,
}
_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(TEXTS, ""),
    **dict.fromkeys(FLAGS, False),
    "interesting": True,
    "hits": 0,
    "hysteresis": 0.0,
}


def _bad(field: str, reason: str) -> exception.BadSetting:
    return exception.BadSetting(f"{field}: {reason}.", field=field)


def key(setting: Threshold) -> str:
    """What collectd files it under: a list of thresholds, each for data sources of its own."""
    return str(Identifier(*(setting.get(part, "") for part in PARTS)))


def candidates(metric: Identifier) -> Iterator[str]:
    """The keys under which collectd looks for the thresholds of ``metric``; the first that there is holds."""
    types = dict.fromkeys((_named(metric.type, metric.type_instance), metric.type))
    plugins = dict.fromkeys((_named(metric.plugin, metric.plugin_instance), metric.plugin, ""))
    for host in (metric.host, ""):
        for plugin in plugins:
            for type_ in types:
                yield f"{host}/{plugin}/{type_}"


def _named(name: str, instance: str) -> str:
    return f"{name}-{instance}" if instance else name


def clash(one: Threshold, other: Threshold) -> bool:
    """Whether both would judge the same data source under the same key."""
    sources = one.get("data_source", ""), other.get("data_source", "")
    return key(one) == key(other) and (sources[0] == sources[1] or "" in sources)


def check(settings: Mapping[str, Threshold], theirs: Mapping[str, Threshold]) -> None:
    """Whether these can be in force at the same time.

    :param theirs: the operator's own, by name
    :raises BadSetting: two of ``settings`` judge the same; with ``names``
    :raises OwnedByHostConfig: one of them judges what one of the operator's does
    """
    before: dict[str, list[tuple[str, Threshold]]] = {}
    for name, setting in settings.items():
        for other, its in before.setdefault(key(setting), []):
            if clash(setting, its):
                raise exception.BadSetting(
                    f"The thresholds {other} and {name} are for the same data source of the same metrics.",
                    field="data_source",
                    names=[other, name],
                )
        before[key(setting)].append((name, setting))
    for refusal in owned(settings, theirs):
        raise refusal


def owned(settings: Mapping[str, Threshold], theirs: Mapping[str, Threshold]) -> Iterator[exception.OwnedByHostConfig]:
    """For each of ``settings`` that judges what one of the operator's does, ``theirs``: that it does."""
    ours: dict[str, list[tuple[str, Threshold]]] = {}
    for name, setting in settings.items() if theirs else ():
        ours.setdefault(key(setting), []).append((name, setting))
    for other, its in theirs.items():
        for name, setting in ours.get(key(its), ()):
            if clash(setting, its):
                yield exception.OwnedByHostConfig(
                    f"The threshold {name} is for what a threshold of the operator's own files is for: {shown(other)}.",
                    names=[shown(other), name],
                )


def items(settings: Mapping[str, Threshold]) -> tuple[Item, ...]:
    """The ``<Plugin threshold>`` block, and what loads the plugin; nothing without a threshold.

    :raises BadSetting: one is none, wherever it came from
    """
    if not settings:
        return ()
    blocks = tuple(_block(normal(setting)) for _, setting in sorted(settings.items()))
    return (Item("LoadPlugin", (PLUGIN,)), Item("Plugin", (PLUGIN,), blocks))


def _block(setting: Threshold) -> Item:
    block = Item("Type", (setting["type"],), tuple(_options(setting)))
    if "plugin" in setting:
        instance = (Item("Instance", (setting["plugin_instance"],)),) if "plugin_instance" in setting else ()
        block = Item("Plugin", (setting["plugin"],), (*instance, block))
    return Item("Host", (setting["host"],), (block,)) if "host" in setting else block


def _options(setting: Threshold) -> Iterator[Item]:
    for name, option in _OPTIONS.items():
        if name in setting:
            yield Item(option, (_value(setting[name]),))
    if not any(name in setting for name in _OPTIONS):
        # collectd wants at least one.
        yield Item("Interesting", (True,))


def _value(value: Any) -> Value:
    """A number as the grammar has it: whole where that is the same."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return int(value) if whole else value


def from_items(statements: Iterable[Item]) -> dict[str, dict[str, Any]]:
    """The thresholds of the operator's statements, under names made from what they are for.

    What collectd would not take is left out, as collectd does.
    """
    found: dict[str, dict[str, Any]] = {}
    for item in statements:
        if item.key.lower() == "plugin" and [str(value).lower() for value in item.values] == [PLUGIN]:
            for setting in _read(item.children or (), {}):
                found[_name(setting, found)] = setting
    return found


def _read(children: Iterable[Item], outer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    around = dict(outer)
    for item in children:
        kind, value = item.key.lower(), str(item.values[0]) if item.values else ""
        if kind == "instance":
            around["plugin_instance"] = value
        elif kind in ("host", "plugin"):
            yield from _read(item.children or (), {**around, kind: value})
        elif kind == "type":
            yield from _type({**around, kind: value}, item.children or ())


def _type(setting: dict[str, Any], options: Iterable[Item]) -> Iterator[dict[str, Any]]:
    for option in options:
        name = _KEYS.get(option.key.lower())
        if name is None or len(option.values) != 1:
            return
        value = option.values[0]
        setting[name] = int(value) if name == "hits" and isinstance(value, float) else value
    try:
        yield normal(setting)
    except exception.BadSetting:
        return


def _name(setting: Threshold, taken: Mapping[str, Any]) -> str:
    """Of letters, digits, dots and dashes, like the names that a user gives."""
    parts = [setting[part] for part in TEXTS if part in setting]
    stem = re.sub(r"[^A-Za-z0-9_.]+", "-", "-".join(["host", *parts]))[:56].strip("-")
    names = (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)
