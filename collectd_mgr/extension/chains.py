# SPDX-License-Identifier: Apache-2.0
"""collectd's filter chains: ours runs before the operator's, and its list of rules is exchanged in one write.

Chains are never freed, and a value may be in one at any moment. So each distinct rule is built by collectd, once, in
a chain of its own that nothing points at. The one chain that does run gets a list of copies of such rules, some
150 bytes each, that share what collectd built; the list is new with every change, and its head is stored at once.
Nothing is looked up by name while values pass, however many rules there were before.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from collectd_mgr import exception
from collectd_mgr.domain import canonical, ignorelist
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.ignorelist import CHAIN, OPTION, PLUGIN, Rule
from collectd_mgr.extension import abi, fragment, process
from collectd_mgr.extension.arena import Arena
from collectd_mgr.extension.feed import Feed
from collectd_mgr.extension.gate import Gate
from collectd_mgr.extension.inits import Inits
from collectd_mgr.extension.memory import Memory, Unreadable
from collectd_mgr.extension.price import price

# filter_chain.c. fc_chain_t: name, rules, targets, next. fc_rule_t: name, matches, targets, next.
# fc_match_t: name, three functions, what the match keeps, next. fc_target_t begins with its name.
_LINKED = struct.Struct("128sQQQ")
_MATCH = struct.Struct("128sQQQQQ")
_RULES = 128

#: A copy of a rule, as it is taken from the arena.
_COPY = 160

#: The part of the budget that no new rule may touch: for thresholds, and for known rules that come and go.
_SPARE = 1 / 2

_MOST = 10_000

#: Copies of rules that are remembered, to be used again: to know of one takes as much memory as the copy itself.
_REMEMBERED = 2000


class Chains:
    """The chain that runs, and the rules that were ever built. The caller holds the operation lock."""

    def __init__(
        self, library: ctypes.CDLL, memory: Memory, gate: Gate, feed: Feed, inits: Inits, arena: Arena
    ) -> None:
        self._library = library
        self._memory = memory
        self._gate = gate
        self._feed = feed
        self._inits = inits
        self._arena = arena
        #: What collectd built of a rule: its matches and its targets.
        self._built: dict[str, tuple[int, int]] = {}
        self._links: dict[bytes, int] = {}
        self._number = 0
        #: For the status: as ``chain`` that of the operator's in which ours ends; nothing where there is none of ours.
        self.facts: dict[str, str | None] = {}

    def adopt(self, rules: Mapping[str, Rule]) -> None:
        """Know of the rules that collectd was started with, by name, what it built of them.

        Of one that is not found as it should be nothing is known: it is built when it is wanted.
        """
        root = self._chain(CHAIN) if rules else 0
        if root:
            self._see_end()
        found: dict[str, int] = {}
        with contextlib.suppress(exception.LiveRefused):
            found = self._rules(root) if root else {}
        for name in found.keys() & rules.keys():
            with contextlib.suppress(exception.LiveRefused):
                self._built[_digest(rules[name])] = self._proven(found[name], name, rules[name])

    def check(self, rules: Sequence[Rule]) -> None:
        """Pass where there is room for a chain of exactly these; nothing is built. Any thread may ask.

        :raises LiveRefused: it would cost more for ever than the budget allows
        :raises BadSetting: one of them is none
        """
        self._count(rules)

    def build(self, rules: Sequence[Rule]) -> None:
        """Have collectd build what it has not yet of these; it runs none of it. Safe to repeat.

        :raises LiveRefused: there is no room, or collectd's chains are not what is known
        :raises ConfigRejected, PluginNotLoadable: collectd does not build a rule
        """
        self._gate.check()
        size = self._count(rules)
        if size:
            self._feed.open(PLUGIN)
            self._arena.spend(size)
        for rule in rules:
            self._build(rule)

    def _count(self, rules: Sequence[Rule]) -> int:
        """What it costs to build those that are not yet built; :raises LiveRefused, BadSetting: see :meth:`check`"""
        # Most are built, and in normal form already.
        strange = [ignorelist.normal(rule) for rule in rules if not self._has(rule)]
        new = {_digest(rule): rule for rule in strange if not self._has(rule)}
        spare, links = int(self._arena.budget * _SPARE) if new else 0, _COPY * len(rules)
        size = price(self._library, list(new.values()), self._arena.budget - self._arena.spent - spare - links)
        if rules:
            self._arena.check(size + links, spare)
        return size

    def run(self, rules: Sequence[tuple[str, Rule]]) -> None:
        """Have exactly these rules, which were built, by name, in this order, in one write.

        :raises LiveRefused: the budget is spent, or collectd's chains are not what is known
        :raises ConfigRejected: collectd does not take the chain
        """
        self._gate.check()
        root = self._chain(CHAIN)
        if not root and not rules:
            return
        if not root:
            root = self._begin()
        parts = [(name, self._built[_digest(rule)]) for name, rule in rules]
        head = 0
        for name, (matches, targets) in reversed(parts):
            head = self._link(_LINKED.pack(name.encode(), matches, targets, head))
        self._check_list(head, [name for name, _ in rules])
        ctypes.c_uint64.from_address(root + _RULES).value = head
        self._point()

    def following(self) -> str | None:
        """The operator's own chain before the cache; None when there is none."""
        named = self._named()
        if named.lower() == CHAIN:
            return self._followed()
        return named if self._chain(named) else None

    def _named(self) -> str:
        """The chain that the option names, be there one or not."""
        return bytes(self._library.global_option_get(OPTION.encode()) or b"").decode("utf-8", "surrogateescape")

    def _followed(self) -> str | None:
        """Where the chain that runs ends: in a jump to the operator's."""
        _, _, target, _ = self._read(self._chain(CHAIN))
        content = self._memory.read(target, _MATCH.size)
        if _text(content) != "jump":
            return None
        return self._memory.text(_MATCH.unpack(content)[1])

    def _begin(self) -> int:
        """A chain that passes everything on, and that nothing points at yet; its address."""
        self._feed.take("a chain", (Item("Chain", (CHAIN,), (ignorelist.then(self.following()),)),))
        self._see_end()
        return self._known(CHAIN)

    def _see_end(self) -> None:
        with contextlib.suppress(Unreadable, UnicodeError):
            self.facts = {"chain": self._followed()}

    def _has(self, rule: Rule) -> bool:
        return _digest(rule) in self._built

    def _build(self, rule: Rule) -> None:
        """Have it built, once."""
        if self._has(rule):
            return
        self._number += 1
        chain = f"{CHAIN}/{self._number}"
        item = ignorelist.rule_item(chain, rule, self.following())
        self._feed.take("a rule", (fragment.load_plugin(PLUGIN, None), Item("Chain", (chain,), (item,))))
        rules = self._rules(self._known(chain))
        if rules.keys() != {chain}:
            raise _unknown(f"not one rule in {chain}")
        self._built[_digest(rule)] = self._proven(rules[chain], chain, rule)

    def _rules(self, chain: int) -> dict[str, int]:
        """The addresses of the rules in a chain, by name; of a name that two of them have, neither."""
        try:
            addresses = list(self._all(self._read(chain)[1], _LINKED.size))
            names = [self._read(address)[0] for address in addresses]
        except (Unreadable, UnicodeError) as error:
            raise _unknown(str(error)) from error
        often = Counter(names)
        return {name: address for name, address in zip(names, addresses) if often[name] == 1}

    def _proven(self, address: int, name: str, rule: Rule) -> tuple[int, int]:
        """What is in a rule, which must be exactly what was asked for: that proves the layout of all."""
        try:
            found, matches, targets, _ = self._read(address)
            match = _MATCH.unpack(self._memory.read(matches, _MATCH.size))
            kinds = [_text(self._memory.read(target, _MATCH.size)) for target in self._all(targets, _MATCH.size)]
            _, *targeted = ignorelist.rule_item(name, rule, self.following()).children or ()
        except (Unreadable, UnicodeError) as error:
            raise _unknown(str(error)) from error
        wanted = [str(item.values[0]) for item in targeted]
        if (found, _text(match[0]), match[-1], kinds) != (name, "regex", 0, wanted):
            raise _unknown(f"{found}: {kinds}")
        return matches, targets

    def _all(self, address: int, size: int) -> Iterator[int]:
        """The addresses of a list whose link comes last."""
        for _ in range(_MOST):
            if not address:
                return
            yield address
            (address,) = struct.unpack("Q", self._memory.read(address + size - 8, 8))
        raise Unreadable(hex(address))

    def _link(self, content: bytes) -> int:
        name = hashlib.blake2b(content, digest_size=16).digest()
        if name not in self._links:
            if len(self._links) >= _REMEMBERED:
                self._links.clear()
            self._links[name] = self._arena.put(content)
        return self._links[name]

    def _check_list(self, head: int, names: list[str]) -> None:
        found = [self._read(address)[0] for address in self._all(head, _LINKED.size)]
        if found != names:
            raise _unknown("a list of rules does not read back")

    def _point(self) -> None:
        """Have collectd run the chain. It looks at its option where it initialises plugins, so none must be left."""
        if self._named().lower() == CHAIN:
            return
        self._inits.clear()
        self._gate.alive()
        self._library.global_option_set(OPTION.encode(), CHAIN.encode(), True)
        self._library.plugin_init_all()

    def _chain(self, name: str) -> int:
        return int(self._library.fc_chain_get_by_name(name.encode("utf-8", "surrogateescape")) or 0)

    def _known(self, name: str) -> int:
        address = self._chain(name)
        if not address or self._read(address)[0] != name:
            raise _unknown(f"no chain {name}")
        return address

    def _read(self, address: int) -> tuple[str, int, int, int]:
        name, first, second, following = _LINKED.unpack(self._memory.read(address, _LINKED.size))
        return _text(name), first, second, following


def insist(library: ctypes.CDLL) -> None:
    """While collectd reads its configuration: have it run our chain, wherever in it the operator names another."""
    if abi.bind(library, {name: abi.CHANGING[name] for name in ("global_option_set",)}):
        return
    if abi.known(abi.version(process.binary())):
        library.global_option_set(OPTION.encode(), CHAIN.encode(), True)


def _digest(rule: Rule) -> str:
    return canonical.digest(dict(rule))


def _text(field: bytes) -> str:
    return field[:128].partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _unknown(reason: str) -> exception.LiveRefused:
    return exception.LiveRefused(
        f"collectd's filter chains do not lie as in the versions that are known: {reason}",
        reason_code="unknown_layout",
        plugin=PLUGIN,
    )
