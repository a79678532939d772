# SPDX-License-Identifier: Apache-2.0
"""Thresholds in the running daemon: all at once, by one exchange of collectd's tree of them.

collectd looks its thresholds up without a lock, or walks them after it gave the lock back. So neither a tree
nor a threshold is ever changed or freed. A new tree is built from the operator's own thresholds, which stay where
they are, and ours; then the pointer to it is stored. The states and hits of metrics lie in collectd's cache: who
is judged by the same threshold before and after notices nothing.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import sections, thresholds
from collectd_mgr.domain.thresholds import PLUGIN
from collectd_mgr.extension import lookup, silences, threshold
from collectd_mgr.extension.arena import Arena
from collectd_mgr.extension.hushes import Gone, Hushes, Look
from collectd_mgr.extension.judges import Judges, Unknown
from collectd_mgr.extension.looks import Looks
from collectd_mgr.extension.silences import Lists
from collectd_mgr.extension.threshold import Record

Settings = Mapping[str, Mapping[str, Any]]

#: Matches nothing: there is no such type. It keeps the tree from ever being empty, and shows how collectd lays one out.
_WITNESS = thresholds.normal(
    {"plugin": "collectd_mgr", "type": "collectd_mgr", "failure_max": 1.0, "hits": 7, "persist": True}
)


#: What one takes from the arena with its key, in bytes, and how many nodes of the tree are new with it, at most.
_RECORD, _DEPTH = 1024, 32


class Thresholds:
    """The thresholds of this daemon. The caller holds the operation lock.

    :param judges: collectd's own tree of them
    :param names: gives the metrics in collectd's cache, and the time of each one's newest value
    :param told: those of ours that the daemon was started with
    """

    def __init__(self, judges: Judges, arena: Arena, names: Look, told: Settings) -> None:
        self._judges = judges
        self._arena = arena
        #: Ours that are in force, by name.
        self.settings: dict[str, dict[str, Any]] = {name: dict(setting) for name, setting in told.items()}
        self._theirs: dict[str, tuple[Record, ...]] | None = None
        #: Where the operator's own lists lie, by key.
        self._first: dict[str, int] = {}
        self._lists: dict[bytes, int] = {}
        self._names = names
        self._hushes = Hushes()
        self._lock = threading.RLock()
        #: Nobody says that a metric came back, so that is looked for.
        self.looks = Looks(self._look)
        #: By the reason why it was switched off, what tells whether nothing may come of it any more.
        self._late: dict[str, Callable[[], bool]] = {}
        #: What metrics have of their own, and what could not be had instead: a try costs memory for ever, whatever
        #: comes of it.
        self._own: Lists = {}
        self._refused: Lists | None = None
        self._tree: lookup.Tree = None

    def facts(self) -> dict[str, Any]:
        """For the status: the digest of ours, and what they have cost for ever, in bytes."""
        return {"digest": sections.digest(self.settings), "bytes": self._arena.spent, "budget": self._arena.budget}

    def check(self, settings: Settings) -> None:
        """Pass where there is room, by a rough count, for exactly these; nothing is changed. Any thread may ask.

        :raises LiveRefused: they would cost more for ever than the budget allows
        :raises BadSetting: one of them is none
        """
        before, wanted = self.settings, self._normal(settings)
        changed = [name for name in {*wanted, *before} if wanted.get(name) != before.get(name)]
        nodes = min(len(wanted) + len(self._first), _DEPTH * len(changed))
        if changed and wanted:
            self._arena.check(_RECORD * len(changed) + lookup.NODE.size * nodes)

    def set(self, settings: Settings) -> None:
        """Have exactly these beside the operator's own. Safe to repeat.

        :raises LiveRefused: the memory budget is spent, or collectd's thresholds are not laid out as is known
        :raises OwnedByHostConfig, BadSetting: two would judge the same
        :raises PluginNotLoadable, ConfigRejected: collectd's plugin for them cannot be had
        """
        wanted = self._normal(settings)
        if wanted == self.settings:
            return
        self.check(wanted)
        with self._lock:
            self._judges.ready(thresholds.items({"witness": _WITNESS}))
            thresholds.check(wanted, self.theirs())
            self._exchange(wanted, self._wished(wanted, cache(self._names)))
            self.settings = wanted

    def _normal(self, settings: Settings) -> dict[str, dict[str, Any]]:
        """In normal form, as those are that are in force."""
        before = self.settings
        return {
            name: before[name] if setting == before.get(name) else thresholds.normal(setting)
            for name, setting in settings.items()
        }

    def theirs(self) -> dict[str, dict[str, Any]]:
        """The operator's own, by what they are for."""
        found: dict[str, dict[str, Any]] = {}
        with self._lock:
            lists = self._operators()
        for key, records in lists.items():
            for record in records:
                setting = thresholds.plain(record.setting)
                found[f"{key} {setting.get('data_source', '')}".strip()] = setting
        return found

    def hush(self, why: str, gone: Gone, look: Look | None = None) -> None:
        """Raise no alarm that such a metric is missing, until ``why`` is given anew or taken: it was switched off.

        :param why: a name for this; :param gone: tells by the identifiers
        :param look: what is in the cache, where the caller has looked just now
        :raises LiveRefused: it cannot be had
        """
        with self._lock, self._hushes.undone_if_it_fails():
            look = look or cache(self._names)
            self._set(why, gone, look)
            self._renew(look)

    def unhush(self, why: str) -> None:
        """The metrics are collected again, and may be missed once they came."""
        with self._lock:
            self._set(why, None, self._names)

    def follow(self, why: str, over: Callable[[], bool]) -> None:
        """Go on to look for what comes into the cache, until ``over``: a read of what was switched off is in flight."""
        with self._lock:
            self._late[why] = over
            self.looks.have()

    def _set(self, why: str, gone: Gone | None, look: Look) -> None:
        if self._hushes.put(why, gone, look, time.time()):
            self.looks.have()

    def renew(self) -> None:
        """Look for what came into the cache since; safe to repeat."""
        with self._lock:
            self._renew(cache(self._names))

    def _renew(self, look: Look) -> None:
        own = self._wished(self.settings, look)
        if own != self._own:
            self._exchange(self.settings, own)

    def _settle(self, look: Look) -> None:
        """As :meth:`_renew`; where the budget does not allow that, the silences that are over end all the same."""
        own = self._wished(self.settings, look)
        if own in (self._own, self._refused):
            return
        try:
            self._exchange(self.settings, own)
        except exception.LiveRefused:
            left = dict(own.items() & self._own.items())
            if not own.keys() - left.keys() <= self._hushes.metrics(look):
                # Better an alarm too many than others judged by what was to silence it.
                left = {name: records for name, records in left.items() if not silences.shared(name)}
            # There was memory to silence them; where there is none to end that, they would be silent for good.
            with self._arena.beyond():
                self._exchange(self.settings, left)
            self._refused = own

    def _wished(self, settings: Settings, look: Look) -> Lists:
        """What metrics are to have of their own now, beside these."""
        if not self._judges.loaded():
            return self._own
        hushed = self._hushes.metrics(look)
        return silences.own(self._wanted(settings), hushed, look) if hushed else {}

    def end(self, timeout: float) -> None:
        """Begin no thread any more; when this returns none is just being begun, unless it took ``timeout`` seconds.

        Python frees what a thread needs for its first step with everything else of its own.
        """
        self.looks.end()
        if self._lock.acquire(timeout=timeout):
            self._lock.release()

    def _look(self) -> None:
        # Without the lock: what an operation does that waits for that is no reason not to meet these.
        over = [late for late in list(self._late.values()) if self._is(late)]
        with self._lock:
            self.looks.made()
            try:
                self._see(over)
            except (exception.Busy, OSError):
                # It may only be behind, or have no descriptor left; whoever would not look again would leave those
                # metrics silenced.
                self.looks.have()
            except exception.CollectdMgrError:
                return  # Nothing can be changed any more: the next change looks again.
            except Exception as error:  # noqa: BLE001 - so he would whatever it is
                self.looks.failed(error)
                self.looks.have()

    def _see(self, over: Sequence[Callable[[], bool]]) -> None:
        self._judges.check()
        look = cache(self._names)
        # Once more after a read was over: what it gave may have been on its way yet.
        if self._hushes.settle(look) or self._late or self._sharing():
            self.looks.have()
        self._late = {why: late for why, late in self._late.items() if late not in over}
        self._settle(look)

    def _is(self, over: Callable[[], bool]) -> bool:
        """Whether it is over; not where nobody can tell now."""
        try:
            return over()
        except (exception.CollectdMgrError, OSError):
            return False
        except Exception as error:  # noqa: BLE001 - nor where it fails otherwise
            self.looks.failed(error)
            return False

    def _operators(self) -> dict[str, tuple[Record, ...]]:
        """The operator's own by key: collectd's tree before our first change of it, without ours."""
        if self._theirs is None and not self._judges.loaded():
            return {}
        if self._theirs is None:
            try:
                self._theirs = self._read()
            except Unknown as error:
                raise exception.LiveRefused(
                    f"collectd's thresholds do not lie as in the versions that are known: {error}",
                    reason_code="unknown_layout",
                    plugin=PLUGIN,
                ) from error
        return self._theirs

    def _read(self) -> dict[str, tuple[Record, ...]]:
        """Ours must be there exactly as we would lay them out: that proves the layout of all."""
        ours = [_WITNESS] if self._judges.begun else list(self.settings.values())
        found = self._judges.read()
        left = {key: list(records) for key, (_, records) in found.items()}
        for setting in ours:
            records, record = left.get(thresholds.key(setting), []), threshold.record(setting)
            if record not in records:
                raise Unknown(f"not ours under {thresholds.key(setting)}")
            records.remove(record)
        self._first = {key: address for key, (address, records) in found.items() if records == left[key]}
        return {key: tuple(records) for key, records in left.items() if records}

    def _exchange(self, settings: Settings, own: Lists) -> None:
        lists = {**self._wanted(settings), **own}
        tree = lookup.of({key: self._address(key, records) for key, records in lists.items()}, self._tree)
        if tree is not self._tree:
            self._judges.install(tree)
            self._tree = tree
        self._own, self._refused = own, None
        if self._sharing():
            self.looks.have()

    def _sharing(self) -> bool:
        """Whether what a metric has of its own may be found for one that is still to come."""
        return any(map(silences.shared, self._own))

    def _wanted(self, settings: Settings) -> dict[str, tuple[Record, ...]]:
        lists = dict(self._operators())
        for _, setting in sorted(settings.items()):
            key = thresholds.key(setting)
            lists[key] = (*lists.get(key, ()), threshold.record(setting))
        return {**lists, thresholds.key(_WITNESS): (threshold.record(_WITNESS),)}

    def _address(self, key: str, records: tuple[Record, ...]) -> int:
        """Of the list in memory: where the operator's lies, if it is that, else one of ours, made once."""
        if records == self._operators().get(key) and key in self._first:
            return self._first[key]
        address = 0
        for record in reversed(records):
            content = record.with_next(address)
            name = hashlib.blake2b(content, digest_size=16).digest()
            if name not in self._lists:
                self._lists[name] = self._arena.put(content)
            address = self._lists[name]
        return address
