# SPDX-License-Identifier: Apache-2.0
"""The ignorelist: which metrics collectd drops before they reach its cache, and so everything behind it.

A setting is one rule::

    {"action": "deny", "plugin": "^interface$", "plugin_instance": "^(veth|tap)"}

Its expressions (POSIX, extended) are searched for in the parts of a metric's identifier; a rule matches where all of
them do. A metric is ignored if a ``deny`` rule matches it and no ``allow`` rule does: allow wins, whatever the
names, so the order of rules never counts.

In collectd it is one filter chain (see :func:`items`), which runs before the operator's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain.expression import LONGEST, Expression, NoExpression, encoded
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.metrics import Identifier, shown

#: The chain, in lower case as collectd compares; the plugin that its rules need.
CHAIN = "collectd_mgr"
PLUGIN = "match_regex"
OPTION = "PreCacheChain"

ALLOW = "allow"
DENY = "deny"

#: The parts, as a setting and as collectd's match have them.
PARTS = {
    "host": "Host",
    "plugin": "Plugin",
    "plugin_instance": "PluginInstance",
    "type": "Type",
    "type_instance": "TypeInstance",
}

#: Texts of each part whose verdict is remembered: a metric that came and went comes no more, perhaps.
_REMEMBERED = 200_000

Rule = Mapping[str, Any]


def normal(setting: Rule) -> dict[str, Any]:
    """``setting`` checked; ``action`` is always in it.

    :raises BadSetting: with ``field``
    """
    given = plain(setting)
    if given["action"] not in (ALLOW, DENY):
        raise exception.BadSetting("action: allow or deny is wanted.", field="action")
    unknown = sorted(given.keys() - {"action", *PARTS})
    if unknown:
        raise exception.BadSetting(f"{unknown[0]}: a rule has no such key.", field=unknown[0])
    if len(given) == 1:
        raise exception.BadSetting("A rule has an expression for at least one part.", field="plugin")
    for part in given.keys() - {"action"}:
        if not isinstance(given[part], str):
            raise exception.BadSetting(f"{part}: text is wanted.", field=part)
        _expression(given[part], part)
    return given


def plain(setting: Rule) -> dict[str, Any]:
    """Without what says nothing, and in order."""
    given = {"action": DENY, **{key: value for key, value in setting.items() if value not in (None, "")}}
    return dict(sorted(given.items()))


def understood(settings: Mapping[str, Rule]) -> dict[str, Rule]:
    """Without those that an earlier release took, and this one refuses: they must not be in the way of their end."""
    kept: dict[str, Rule] = {}
    for name, rule in settings.items():
        with suppress(exception.BadSetting):
            kept[name] = normal(rule)
    return kept


@dataclass(frozen=True)
class Alike:
    """Metrics that the same rules match, by their places among those that were asked about, in order.

    :param by: that of the ``rules`` by which they are ignored; None when they are not
    """

    rules: frozenset[str]
    by: str | None
    places: Sequence[int]


class Rules:
    """Rules in normal form, ready to be asked. Which of them match is kept as bits, one for each rule.

    Metrics by the thousand share their hosts, plugins and types: an expression is asked once for each of these.
    """

    def __init__(self, settings: Mapping[str, Rule]) -> None:
        self._bits = {name: 1 << place for place, name in enumerate(sorted(settings))}
        self._allow = self._acting(settings, ALLOW)
        self._deny = self._acting(settings, DENY)
        self._expressions = {
            part: [(self._bits[name], _expression(rule[part], part)) for name, rule in settings.items() if part in rule]
            for part in PARTS
        }
        #: Those that say nothing of a part.
        self._silent = {
            part: sum(bit for name, bit in self._bits.items() if part not in settings[name]) for part in PARTS
        }
        self._hosts = _Remembered(lambda text: self._of("host", text) if text else 0)
        # collectd takes a metric without a plugin.
        self._plugins = _Remembered(lambda text: self._of_named("plugin", "plugin_instance", text))
        self._types = _Remembered(lambda text: self._of_named("type", "type_instance", text) if text else 0)

    def together(self, metrics: Iterable[str]) -> Iterator[Alike]:
        """What the rules say of these identifiers; each is asked about once."""
        places: dict[int, list[int]] = {}
        for place, metric in enumerate(metrics):
            places.setdefault(self._matching(metric), []).append(place)
        for found, those in places.items():
            matching = frozenset(name for name, bit in self._bits.items() if found & bit)
            yield Alike(matching, self._by(found), those)

    def ignores(self, metric: Identifier) -> str | None:
        """The deny rule by which ``metric`` is ignored; None when it is not."""
        return self._by(self._matching(str(metric)))

    def ignored(self, metrics: Iterable[str]) -> set[str]:
        """Which of these identifiers are ignored; what is none is not."""
        allow, deny, matching = self._allow, self._deny, self._matching
        return {metric for metric in metrics if (found := matching(metric)) & deny and not found & allow}

    def counts(self, metrics: Iterable[str], names: Iterable[str]) -> dict[str, int]:
        """How many of these identifiers each rule of these ``names`` matches, be it none."""
        bits = {name: self._bits[name] for name in names}
        alike = Counter(map(self._matching, metrics if bits else ()))
        return {name: sum(count for found, count in alike.items() if found & bit) for name, bit in bits.items()}

    def forget(self) -> None:
        """Give back the memory that libc takes for many questions; the next new one costs a little more."""
        for expressions in self._expressions.values():
            for _, expression in expressions:
                expression.forget()

    def _by(self, found: int) -> str | None:
        """The rule by which those are ignored that these rules match."""
        if found & self._allow:
            return None
        return next((name for name, bit in self._bits.items() if found & bit & self._deny), None)

    def _acting(self, settings: Mapping[str, Rule], action: str) -> int:
        return sum(bit for name, bit in self._bits.items() if settings[name]["action"] == action)

    def _matching(self, metric: str) -> int:
        """The rules that match it; none where it is no identifier."""
        host, _, rest = metric.partition("/")
        plugin, _, type_ = rest.partition("/")
        return self._hosts[host] & self._plugins[plugin] & self._types[type_]

    def _of_named(self, part: str, instance: str, text: str) -> int:
        name, _, of_it = text.partition("-")
        return self._of(part, name) & self._of(instance, of_it)

    def _of(self, part: str, text: str) -> int:
        """The rules that a metric with this part may match."""
        found, asked = self._silent[part], self._expressions[part]
        if asked:
            content = encoded(text)
            for bit, expression in asked:
                if expression.matches(content):
                    found |= bit
        return found


class _Remembered(dict[str, int]):
    """What ``ask`` said of a text, of the latest ones."""

    def __init__(self, ask: Callable[[str], int]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, text: str) -> int:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = found = self._ask(text)
        return found


@lru_cache(maxsize=64)  # They come again with every change of others, but are large: 27 KB each, in collectd too.
def _expression(text: str, part: str) -> Expression:
    try:
        return Expression(text)
    except NoExpression as error:
        raise exception.BadSetting(
            f"{part}: {text[:LONGEST]!r} is no regular expression for collectd: {error}.", field=part, expression=text
        ) from None


def items(settings: Mapping[str, Rule], following: str | None) -> tuple[Item, ...]:
    """The chain, what its rules need, and the option that points at it; nothing without a rule.

    :param following: the operator's own chain before the cache
    :raises BadSetting: one is none, wherever it came from
    """
    if not settings:
        return ()
    checked = {name: normal(rule) for name, rule in settings.items()}
    rules = tuple(rule_item(name, checked[name], following) for name in ordered(checked))
    chain = Item("Chain", (CHAIN,), (*rules, then(following)))
    return (Item("LoadPlugin", (PLUGIN,)), chain, Item(OPTION, (CHAIN,)))


def ordered(settings: Mapping[str, Rule]) -> list[str]:
    """The names as the rules stand in the chain: allow first."""
    return sorted(settings, key=lambda name: (settings[name]["action"] != ALLOW, name))


def rule_item(name: str, rule: Rule, following: str | None) -> Item:
    """An allow rule goes to the operator's chain at once, past the deny rules; a deny rule ends there."""
    parts = tuple(Item(option, (rule[part],)) for part, option in PARTS.items() if part in rule)
    return Item("Rule", (name,), (Item("Match", ("regex",), parts), *_targets(rule, following)))


def _targets(rule: Rule, following: str | None) -> Iterator[Item]:
    if rule["action"] == DENY:
        yield Item("Target", ("stop",))
        return
    if following is not None:
        yield then(following)
    yield Item("Target", ("return",))


def then(following: str | None) -> Item:
    """What a chain without an end of its own does: on to the operator's, or to the cache."""
    if following is None:
        return Item("Target", ("return",))
    return Item("Target", ("jump",), (Item("Chain", (following,)),))


def operators_chain(statements: Iterable[Item]) -> str | None:
    """The chain of the operator's that collectd runs before its cache; None when there is none.

    As collectd has it: what the last ``PreCacheChain`` names, else ``PreCache``, if there is such a chain.
    """
    named, chains = "PreCache", set()
    for item in statements:
        if item.key.lower() == OPTION.lower() and item.children is None and item.values:
            named = str(item.values[0])
        elif item.key.lower() == "chain" and item.values:
            chains.add(str(item.values[0]).lower())
    return named if named.lower() in chains else None


def unheeded(facts: Mapping[str, Any], statements: Iterable[Item]) -> Iterator[str]:
    """What the operator's ``statements`` say of such a chain and a daemon does not do, in a sentence: it was started
    with a managed file of before they were changed.

    :param facts: of this section, by that daemon
    """
    theirs = operators_chain(statements)
    runs = facts.get("chain", theirs)
    if (runs or "").lower() != (theirs or "").lower():
        what = f"does not run the chain {shown(theirs)}" if theirs else f"looks in vain for the chain {shown(runs)}"
        yield f"collectd {what} with each value: the operator's own files were changed, and it takes another restart."
