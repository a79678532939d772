# SPDX-License-Identifier: Apache-2.0
"""Everything that changes the running daemon, put together; or the reasons why it cannot be."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from functools import partial
from typing import Callable

from collectd_mgr.extension import abi, contexts, tick
from collectd_mgr.extension.arena import Arena
from collectd_mgr.extension.boot import NAME, Boot
from collectd_mgr.extension.chains import Chains
from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.feed import Feed
from collectd_mgr.extension.flush import Flushes
from collectd_mgr.extension.gate import Gate
from collectd_mgr.extension.grace import Grace
from collectd_mgr.extension.ignorelist import Ignorelist
from collectd_mgr.extension.inits import Inits
from collectd_mgr.extension.judges import Judges
from collectd_mgr.extension.lists import Lists, NotFound
from collectd_mgr.extension.loader import Loader
from collectd_mgr.extension.log import Log
from collectd_mgr.extension.memory import Memory, Unreadable, statics
from collectd_mgr.extension.names import names
from collectd_mgr.extension.observer import Observer
from collectd_mgr.extension.output import Output
from collectd_mgr.extension.plugins import Plugins
from collectd_mgr.extension.queue import Queue
from collectd_mgr.extension.readers import Read, Reads
from collectd_mgr.extension.records import Records
from collectd_mgr.extension.registration import Registration
from collectd_mgr.extension.schedule import Schedule
from collectd_mgr.extension.settings import Settings
from collectd_mgr.extension.shield import Shield
from collectd_mgr.extension.states import States
from collectd_mgr.extension.threads import Threads
from collectd_mgr.extension.thresholds import Thresholds

#: Bytes that thresholds and ignorelist may cost a daemon for ever.
BUDGET = 16 * 1024 * 1024


class Unfit(Exception):
    """This collectd is not one that is known well enough; the message says why."""


@dataclass
class Live:
    """``observer`` looks, the others change."""

    plugins: Plugins
    observer: Observer
    thresholds: Thresholds
    ignorelist: Ignorelist
    flushes: Flushes
    queue: Queue
    output: Output
    schedule: Schedule
    states: States


def check(library: ctypes.CDLL, version: str, threads: Threads) -> str | None:
    """Why this collectd cannot be changed live, as far as it can be said without touching it."""
    if not abi.known(version):
        return f"the version of collectd is not one that is known: {version or 'none found'}"
    missing = abi.bind(library, abi.CHANGING)
    missing += [name for name in abi.VARIABLES if not hasattr(library, name)]
    if missing:
        return f"collectd does not export {', '.join(missing)}"
    return threads.unknown()


def assemble(
    library: ctypes.CDLL,
    gate: Gate,
    threads: Threads,
    loader: Loader,
    log: Log,
    settings: Settings,
    *,
    grace: Callable[[Threads, Daemon], Grace] = Grace,
    shield: Callable[[Daemon, Threads], Shield] = Shield,
) -> Live:
    """Register the tick and the last init callback, find collectd's lists by them, and build the rest.

    To be called from the extension's init callback, after :func:`check` found nothing.

    :param grace: makes the grace period, and ``shield`` the shield; the tests show what happens without
    :raises Unfit: the lists are not where, or not what, they should be
    """
    daemon = Daemon(library)
    memory, told = _memory(), settings.succeeds
    lists = Lists(memory, statics())
    boot = Boot(lists, log, settings.disabled)
    tick.start(daemon)
    boot.register(daemon)
    try:
        reads = Reads(memory, lists, lists.find(tick.NAME))
        inits = Inits(daemon, memory, lists, lists.find(NAME))
        _verify(reads.all(), daemon, inits, boot)
        flushes = Flushes(daemon, memory, lists, Loader())
        records = Records()
        records.recall(settings.marker, daemon.default_interval(), contexts.intervals(daemon, memory, statics()))
        schedule = Schedule(memory, statics(), lists, lists.find(tick.NAME), told.get("phases", {}))
    except (NotFound, Unreadable) as error:
        raise Unfit(f"the lists of callbacks are not as in the versions that are known: {error}") from error
    guards = grace(threads, daemon), shield(daemon, threads)
    observer = Observer(loader, reads, records, guards[0])
    feed = Feed(daemon, gate, loader, log)
    boot.schedule = partial(schedule.align, reads)
    boot.registration = registration = Registration(daemon, loader, reads, inits, *guards, records, log, gate, feed)
    arena = Arena(library, BUDGET)
    judges = Judges(library, memory, gate, feed, arena)
    known = Thresholds(judges, arena, partial(names, library), settings.thresholds)
    known.looks.complain = log.error
    chains = Chains(library, memory, gate, feed, inits, arena)
    ignored = Ignorelist(chains, known, arena, partial(names, library), settings.ignorelist)
    plugins = Plugins(gate, loader, records, observer, registration, known, abi.hostname(library))
    queue = Queue(library, gate, inits, settings.queue)
    output = Output(library, gate, feed, inits, threads, told.get("chain"), int(told.get("predecessor", 0)))
    states = States(library, partial(names, library), judges.loaded)
    return Live(plugins, observer, known, ignored, flushes, queue, output, schedule, states)


def _memory() -> Memory:
    try:
        return Memory()
    except OSError as error:
        raise Unfit(f"collectd's own memory cannot be read: {error}") from error


def _verify(reads: list[Read], daemon: Daemon, inits: Inits, boot: Boot) -> None:
    """Our own entries must be seen exactly as they were registered: that proves the layout of all."""
    expected = Read(tick.NAME, tick.OWNER, "", tick.INTERVAL, daemon.nothing)
    if expected not in reads or inits.callback(NAME) != boot.callback:
        raise Unfit("the entries of collectd's lists do not lie as in the versions that are known")
