# SPDX-License-Identifier: Apache-2.0
"""Putting a plugin's callbacks into the daemon, and taking its reads out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from collectd_mgr.extension import fragment
from collectd_mgr.extension.daemon import Daemon
from collectd_mgr.extension.feed import Feed
from collectd_mgr.extension.gate import Gate
from collectd_mgr.extension.grace import Grace
from collectd_mgr.extension.inits import Inits
from collectd_mgr.extension.loader import Loader
from collectd_mgr.extension.log import Log
from collectd_mgr.extension.readers import Read, Reads
from collectd_mgr.extension.records import LIVE, Record, Records
from collectd_mgr.extension.shield import Shield


class Registration:
    """The three things that change collectd's lists. The caller has checked that they are allowed."""

    def __init__(
        self,
        daemon: Daemon,
        loader: Loader,
        reads: Reads,
        inits: Inits,
        grace: Grace,
        shield: Shield,
        records: Records,
        log: Log,
        gate: Gate,
        feed: Feed,
    ) -> None:
        self._daemon = daemon
        self._loader = loader
        self._reads = reads
        self._inits = inits
        self._grace = grace
        self._shield = shield
        self._records = records
        self._log = log
        self._gate = gate
        self._feed = feed

    def leave_out(self, plugin: str) -> None:
        """While collectd starts and reads nothing yet: take the plugin's reads out, and keep their interval."""
        self.known(plugin)
        self._take_out(self._reads.of(plugin))

    def known(self, plugin: str) -> Record:
        """The record; for a plugin of the operator's, with the interval that it has from there."""
        record = self._records[plugin]
        if record.own_interval is None:
            # It takes no blocks, so all of its reads have the same: see :mod:`.contexts`.
            found = min((read.interval for read in self._reads.of(plugin)), default=None)
            record.own_interval = record.interval = found
        return record

    def unregister(self, plugin: str, record: Record, timeout: float) -> bool:
        """Take the plugin's reads out, and wait for those in flight; whether none is left."""
        record.off = True
        self._withdraw(plugin, record)
        return self.wait(record, timeout)

    def wait(self, record: Record, timeout: float, enough: Callable[[], bool] = lambda: False) -> bool:
        """Wait for those of the reads that were taken out and are in flight; whether none is left.

        :param enough: tells whether to wait no longer
        """
        return self._grace.wait(record.withdrawn, timeout, enough)

    def over(self, record: Record) -> bool:
        """Whether none of the reads that were taken out is in flight any more."""
        return self._grace.over(record.withdrawn)

    def load(self, plugin: str, interval: float | None, text: str, digest: str | None) -> list[str]:
        """The first load: file, configuration, init. Returns what collectd logged (notices and worse)."""
        blocks = fragment.plugin_blocks(plugin, text)
        self._feed.open(plugin)
        default = self._daemon.default_interval()
        record = Record(LIVE, default, default if interval is None else interval, digest, blocks, rejected=True)
        self._records[plugin] = record
        with self._change(plugin, record) as messages:
            record.rejected = not self._feed.read((fragment.load_plugin(plugin, interval), *blocks))
            accepted = not record.rejected and self._init(messages)
            self._settle(plugin, record, accepted, messages)
        return messages

    def again(self, plugin: str, record: Record, interval: float | None) -> list[str]:
        """Register a loaded plugin once more; its reads were unregistered and seen to be over."""
        seconds = self._daemon.default_interval() if interval is None else interval
        self._daemon.forget(plugin)
        with self._change(plugin, record) as messages:
            with self._daemon.context(plugin, seconds):
                self._loader.register(self._loader.path(plugin) or plugin)
            accepted = self._init(messages)
            if accepted and record.blocks and not self._reads.of(plugin):
                # Some plugins register their reads from the configuration: without it nothing would come back.
                accepted = self._feed.read(record.blocks) and self._init(messages)
            self._settle(plugin, record, accepted, messages)
        record.interval, record.off = interval, False
        return messages

    @contextlib.contextmanager
    def _change(self, plugin: str, record: Record) -> Iterator[list[str]]:
        """Around a load: gives what collectd logs meanwhile. Should it fail, nothing of the plugin is ever read."""
        self._inits.clear()
        with self._log.capture() as messages, self._shield.up(partial(self._withdraw, plugin, record)):
            try:
                yield messages
            except BaseException:
                self._withdraw(plugin, record)
                raise

    def _init(self, messages: list[str]) -> bool:
        self._gate.alive()  # When collectd stops it frees its lists.
        failures = self._inits.run()
        messages += failures
        return not failures

    def _settle(self, plugin: str, record: Record, accepted: bool, messages: list[str]) -> None:
        self._inits.clear()
        record.rejected = not accepted
        self._feed.judge(plugin, accepted, messages)

    def _withdraw(self, plugin: str, record: Record) -> None:
        """Unregister every read of the plugin: from then on one may be in flight until the grace period is over.

        Also on a read thread, when config and init take too long: the daemon must read, but not this plugin.
        """
        reads = self._reads.of(plugin)
        self._take_out(reads)
        if reads:
            record.withdrawn = time.monotonic()

    def _take_out(self, reads: Iterable[Read]) -> None:
        for read in reads:
            self._daemon.unregister_read(read.name)
