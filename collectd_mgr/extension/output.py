# SPDX-License-Identifier: Apache-2.0
"""What of its values this collectd writes while there are two of it, one of which is to take the other's place.

A target of our own at the head of a chain behind the cache judges each value by the time of its sample. It costs some
microseconds of Python a value, so the chain is there for as long as it is needed and no longer.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.output import HELD, HOLD, OPTION, PASS, SINCE, UNTIL
from collectd_mgr.extension import abi
from collectd_mgr.extension.feed import Feed
from collectd_mgr.extension.gate import Gate
from collectd_mgr.extension.inits import Inits
from collectd_mgr.extension.probes import Probe
from collectd_mgr.extension.rule import Rule
from collectd_mgr.extension.threads import Threads
from collectd_mgr.extension.writers import Sample, Visit, Writers

CHAIN = "collectd_mgr/output"
TARGET = "collectd_mgr_output"

#: Seconds for probes that nobody waits for any more to be gone.
_LEFT = 1.0

#: Seconds after which an instance that writes nothing, and that nobody asks for anything, ends: nobody wants it.
_FORGOTTEN = 60.0

_LOOK = 1.0


class Output:
    """The caller of what changes it holds the operation lock.

    :param library: collectd
    :param following: the operator's chain behind the cache, for an instance that was started without output; None: as
        collectd has it
    :param predecessor: the pid of the instance whose place this one is to take; 0 for none
    """

    def __init__(
        self,
        library: ctypes.CDLL,
        gate: Gate,
        feed: Feed,
        inits: Inits,
        threads: Threads,
        following: str | None,
        predecessor: int,
    ) -> None:
        self._library = library
        self._gate = gate
        self._feed = feed
        self._inits = inits
        self._following = following
        self._rule = Rule(HOLD if predecessor else PASS, other=predecessor)
        self._built = False
        #: Whether collectd asks us of each value; collectd's own word for it is freed while it is changed.
        self._guarded = False
        self._invoke = abi.Invoke(self._judge)
        self._writers = Writers(threads)
        self._heard = time.monotonic()
        #: The pid of one that was killed, and that the kernel does not let end.
        self._killed = 0
        #: Given with the rest of what Python knows of collectd.
        self.probe: Callable[[], Probe] = Probe
        #: The times of those that were sent, as cdtimes: by these they are known again.
        self._sent: set[int] = set()
        #: Called when this instance is the only one, on a thread of its own.
        self.alone: Callable[[], None] = lambda: None
        #: Around what is done on a thread of its own, as around an operation.
        self.exclusively: Callable[[], contextlib.AbstractContextManager[Any]] = contextlib.nullcontext

    def facts(self) -> dict[str, Any]:
        """For the status: the mode, the pid of the other instance (0: none), when the last of the moments is (seconds
        since 1970), whether the other one has ended or written all it had, whether collectd asks us of each value, and
        whether metrics without a moment are told by what they are called.
        """
        rule = self._rule
        until, over = abi.from_cdtime(rule.otherwise), rule.over.is_set()
        facts = {"mode": rule.mode, "other": rule.other, "until": until, "over": over, "gate": self._guarded}
        return {**facts, "by_word": rule.words is not None}

    def heard(self) -> None:
        """Somebody asked for this instance."""
        self._heard = time.monotonic()

    def set(
        self, mode: str, other: int, moments: Mapping[str, float], otherwise: float, words: Iterable[str] | None = None
    ) -> None:
        """What passes from now on; see :class:`Rule`, times in seconds since 1970. Safe to repeat.

        :raises Busy: it is too late for the first of the moments; nothing has changed
        """
        self.heard()
        self._guard()
        cut = {name.encode("utf-8", "surrogateescape"): abi.to_cdtime(moment) for name, moment in moments.items()}
        called = None if words is None else frozenset(words)
        rule = Rule(mode, cut, abi.to_cdtime(otherwise), other, words=called)
        if mode in (UNTIL, SINCE) and time.time() >= min((*moments.values(), otherwise)):
            raise exception.Busy("The moment at which the one instance was to go on for the other is over.")
        before, self._rule = self._rule, rule
        before.mode = HOLD if before.mode == SINCE else before.mode
        before.over.set()
        if other and other != before.other:
            self.watch()

    def open(self) -> None:
        """The other instance has written what it has: what waits for that passes. Safe to repeat."""
        self._rule.open()

    def free(self) -> None:
        """Have everything pass, without a look at it. Safe to repeat.

        Where a probe waits for a writer that hangs there is a look at everything yet: it is not to be written.
        """
        self._rule = Rule()
        self._writers.forget()
        if self._option() in (CHAIN, HELD) and self._writers.met(_LEFT):
            self._point(self._following or "")

    def drain(self, timeout: float = 10.0) -> None:
        """Wait until every value that collectd has taken before is written, or was judged not to be.

        :raises Busy: it takes longer
        """
        self.heard()
        self._guard()
        probe = self.probe()
        self._sent.add(key := abi.to_cdtime(probe.time))
        if not self._writers.passed(probe.dispatch, key, timeout):
            raise exception.Busy(f"collectd has not written what it has within {timeout:g} s.")

    def end(self) -> None:
        """collectd stops: what waits is dropped, so that its threads end.

        What is read while it does is not its own by that: the other instance writes it.
        """
        if self._rule.mode == UNTIL:
            return  # Nobody waits there.
        if self._rule.mode == SINCE and not self._rule.over.is_set():
            self._rule.mode = HOLD
        self._rule.over.set()

    def outlive(self, other: int) -> None:
        """The other instance was killed: nothing of it runs any more, be its end seen or not. Safe to repeat."""
        self._killed = other

    def watch(self) -> None:
        """Begin to wait for the end of the other instance."""
        threading.Thread(target=self._watch, args=(self._rule.other,), name="collectd_mgr", daemon=True).start()

    def _watch(self, other: int) -> None:
        while other != self._killed and not _ended(other, _LOOK):
            if self._rule.other != other:
                return
            if self._rule.idle and time.monotonic() - self._heard > _FORGOTTEN:
                os.kill(os.getpid(), signal.SIGTERM)
                return
        rule = self._rule
        if rule.other != other:
            return
        rule.inherit()
        if rule.mode == HOLD:
            self._begin_to_write()
        if rule.mode in (HOLD, SINCE):
            self.alone()

    def _begin_to_write(self) -> None:
        """The other instance has ended before it handed over. One that cannot write then ends as well."""
        try:
            while not self._freed():
                time.sleep(0.02)
        except exception.CollectdMgrError:
            os.kill(os.getpid(), signal.SIGTERM)

    def _freed(self) -> bool:
        try:
            with self.exclusively():
                self._gate.running()  # Not while collectd starts.
                self.free()
        except exception.Busy:
            return False
        return True

    def _judge(self, _: Any, values: Any, __: Any, ___: Any) -> int:
        """What collectd calls on its write threads, for every value."""
        visit = self._writers.visit()
        try:
            return abi.CONTINUE if self._passes(values.contents, visit) else abi.STOP
        finally:
            self._writers.left(visit)

    def _passes(self, value: Any, visit: Visit) -> bool:
        if value.time in self._sent:
            self._writers.meet(value.time)
            return False
        rule = self._rule
        if rule.mode == PASS:
            return True
        sample = Sample(abi.name(value), value.time, value.interval)
        return rule.verdict(sample, partial(self._writers.queue, sample, visit))

    def _guard(self) -> None:
        """Have collectd ask us of each value."""
        if self._points():
            return
        self._gate.check(loads=False)
        if self._following is None:
            self._following = self._option()
        if not self._built:
            self._build()
        self._point(CHAIN)

    def _build(self) -> None:
        if abi.bind(self._library, abi.SUCCEEDING):
            raise exception.LiveOff("collectd does not export what a hand-over needs.", reasons=[])
        self._library.fc_register_target(TARGET.encode(), abi.Target(0, 0, abi.address_of(self._invoke)))
        self._feed.take("a chain", (Item("Chain", (CHAIN,), (Item("Target", (TARGET,)), self._then())),))
        self._built = True

    def _then(self) -> Item:
        """What becomes of a value that passes: what the operator wants, or it is written."""
        if self._following and self._library.fc_chain_get_by_name(self._following.encode()):
            return Item("Target", ("jump",), (Item("Chain", (self._following,)),))
        return Item("Target", ("write",))

    def _points(self) -> bool:
        return self._option() == CHAIN

    def _option(self) -> str:
        return bytes(self._library.global_option_get(OPTION.encode()) or b"").decode("utf-8", "surrogateescape")

    def _point(self, chain: str) -> None:
        """collectd looks at its option where it initialises plugins, so none must be left."""
        self._inits.clear()
        self._gate.alive()
        self._library.global_option_set(OPTION.encode(), chain.encode("utf-8", "surrogateescape"), True)
        self._library.plugin_init_all()
        self._guarded = chain == CHAIN


def _ended(pid: int, timeout: float) -> bool:
    """Whether a process has ended, waiting for that at most ``timeout`` seconds."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(timeout * 1000))
    finally:
        os.close(descriptor)
