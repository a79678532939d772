# SPDX-License-Identifier: Apache-2.0
"""How a second collectd takes the place of the daemon without a sample missing or written twice.

Both read at the same times. The new one writes nothing until it has read everything twice; then each metric gets a
moment between two of its samples: what was sampled before, the old one writes, and the new one what was sampled after,
as soon as the old one has written and flushed all it has.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import queue
from collectd_mgr.domain.alone import plugin_of
from collectd_mgr.domain.baseline import given
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.naming import only_clients_give_others
from collectd_mgr.domain.output import Sample
from collectd_mgr.drivers import instance
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.collectd import Collectd
from collectd_mgr.drivers.observation import SILENCE
from collectd_mgr.drivers.parting import Parting, samples
from collectd_mgr.drivers.process import Process
from collectd_mgr.wire.client import WireClient

LOG = logging.getLogger(__name__)

#: A read of collectd's, as the extension tells of it: see :meth:`collectd_mgr.extension.inside.Inside.reads`.
Read = Mapping[str, Any]

#: For a rate.
_READINGS = 2

#: Seconds for a process that answers no more to be gone.
_DYING = 1.0

#: Seconds in which one that was silent answers, if it was another one that was.
_ANSWER = 2.0

_PATIENCE = 30.0
_END = 10.0


class Succession:
    """One attempt: :meth:`start`, :meth:`await_read`, :meth:`hand_over`; or :meth:`take_back` at any moment.

    :param old: the daemon
    """

    def __init__(self, settings: DriverSettings, collectd: Collectd, old: Process) -> None:
        self._settings = settings
        self._collectd = collectd
        self._old = old
        self._new: Process | None = None
        self._parting: Parting | None = None
        self._file = ""
        self._items: Sequence[Item] = ()
        #: How many values it keeps in its queue; None: any number.
        self._room: int | None = None
        #: When each read of the new instance was seen to be due, after the first time.
        self._dues: dict[str, set[float]] = {}
        self._reads: Mapping[str, Read] = collectd.wire.call("reads")
        #: The metrics that the daemon was seen to have.
        self._had: set[str] = set()
        #: What neither has written, in a sentence, when it was taken back; None: everything is there.
        self.hole: str | None = None
        self.wire = WireClient(instance.socket(settings), timeout=_PATIENCE)

    @property
    def new(self) -> Process:
        assert self._new is not None
        return self._new

    def start(self, items: Sequence[Item]) -> None:
        """Have the new instance beside the daemon, reading and without output.

        :param items: everything that a daemon of its configuration would read
        :raises DaemonNotStarted: it ended, or was not ready in time
        :raises NotCapable: it cannot be given what the daemon has
        """
        self._end_others()
        self._items, self._room = items, queue.room(items)
        phases = {name: (read["interval"], read["due"]) for name, read in self._reads.items() if not read["failing"]}
        self._file = instance.write_configuration(self._settings, items, self._old, phases)
        self._new = self._collectd.daemon.launch(self._file)
        self._collectd.await_ready(self._new, self.wire, self._old)

    def unread(self) -> tuple[set[str], set[str]]:
        """The plugins that the new instance has not read twice; and those with a read that fails in the daemon as well,
        which does not count among the former.
        """
        reads: Mapping[str, Read] = self.wire.call("reads")
        for name, read in reads.items():
            self._dues.setdefault(name, set()).update({read["due"]} - {read["first"]})
        failing = {name for name, read in reads.items() if read["failing"] and self._failed(name)}
        unread = {name for name, read in reads.items() if name not in failing and not self._is_read(name, read)}
        return {reads[name]["plugin"] for name in unread}, {reads[name]["plugin"] for name in failing}

    def _failed(self, name: str) -> bool:
        """Whether the daemon could not read it when this began."""
        return name in self._reads and bool(self._reads[name]["failing"])

    def hopeless(self, seconds: float) -> tuple[str, ...]:
        """The plugins whose second read is longer than ``seconds`` away."""
        reads: Mapping[str, Read] = self.wire.call("reads")
        until = time.time() + seconds
        far = {read["plugin"] for read in reads.values() if read["first"] and _second(read) > until}
        return tuple(sorted(far))

    def _is_read(self, name: str, read: Read) -> bool:
        # Each time it is due again tells of a read; of one that was late the time alone would tell too much.
        return not read["failing"] and (read["first"] is None or len(self._dues[name]) >= _READINGS)

    def samples(self) -> tuple[dict[str, Sample], dict[str, Sample]]:
        """The time of the newest sample, and the interval, of each metric: of the daemon, and of the new instance."""
        ours, theirs = samples(self._collectd.wire), samples(self.wire)
        self._had |= ours.keys()
        return ours, theirs

    def parting(self) -> Parting:
        """Of the daemon and the new instance, as it reads now."""
        reads: Mapping[str, Read] = self.wire.call("reads")
        # collectd's own read is no plugin's.
        words = given({read["plugin"] or name for name, read in reads.items()}, self._items)
        plugins = set(filter(None, map(plugin_of, self._items)))
        called = words | given(plugins, self._items) if only_clients_give_others(plugins) else None
        return Parting(self._collectd.wire, self._old.pid, self.wire, self.new.pid, words, called)

    def hand_over(self, misses: Callable[[str], bool] = lambda name: False) -> tuple[str, ...]:
        """The new instance is the daemon when this returns, and the old one has ended.

        :param misses: see :meth:`.Parting.part_alarms`
        :returns: what may be lost, and what it lacks of what the old one had for itself until then, in sentences
        :raises Busy: as :meth:`.Parting.part`; nothing has changed
        :raises CollectdMgrError: it came to nothing, at any moment of it: to be taken back
        """
        self._parting = self.parting()
        lost = self._parting.finish(self._parting.part(self._room))
        self._collectd.daemon.entrust(self.new)
        self._collectd.drain(self._old)
        self._parting.part_alarms(self._had, misses)
        cost = instance.end(self._settings, self._old, "The old collectd")
        for sentence in cost:
            LOG.warning("%s", sentence)
        self._collectd.await_ready(self.new)
        return (*lost, *cost, *instance.complete(self._settings, self._file))

    def inherit(self) -> tuple[str, ...] | None:
        """Where the old one has ended by itself the new one is the daemon, ready or not: wait until it is ready.

        :returns: as :meth:`hand_over`; None where it is not so
        :raises DaemonNotStarted: it is not ready in time
        """
        # One that dies closes its socket some moments before it is gone.
        if not self._old.wait(_DYING) or self._new is None or self._collectd.daemon.find() != self._new:
            return None
        self._collectd.await_ready(self._new)
        lacks = instance.complete(self._settings, self._file)
        ended = "The old collectd ended before it had handed over to the new one."
        return (ended, "What thresholds had found of the metrics begins anew with it.", *lacks)

    def silent(self) -> bool:
        """Whether the new instance is there, and does not answer."""
        if self._new is None or not self._new.alive():
            return False
        try:
            self.wire.call("status", timeout=_ANSWER)
        except SILENCE:
            return True
        except exception.CollectdMgrError:
            return False  # That is an answer.
        return False

    def take_back(self) -> bool:
        """End the new instance; whether the old one is the daemon as before."""
        self._end_others()
        alive = self._old.alive()
        if alive:
            with suppress(exception.CollectdMgrError):
                self._collectd.wire.call("output_free")
        self.hole = None if self._parting is None else self._parting.hole()
        return alive

    def _end_others(self) -> None:
        """Whatever was started beside the old one, also where that failed as far as could be seen from here."""
        started = [*self._collectd.daemon.launched().values(), *([self._new] if self._new else [])]
        for process in started:
            if process != self._old:
                process.end(_END)

    def close(self) -> None:
        self.wire.close()


def _second(read: Read) -> float:
    """When a read is called for the second time."""
    return float(read["first"]) + float(read["interval"])
