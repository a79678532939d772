# SPDX-License-Identifier: Apache-2.0
"""Whether the daemon may be changed now."""

from __future__ import annotations

import time
from typing import Callable

from collectd_mgr import exception
from collectd_mgr.extension.threads import Threads

#: Seconds to wait for the main thread to be seen asleep. Its work between two sleeps takes milliseconds, but on a
#: loaded machine at a short interval it may catch up for a while without sleeping at all.
_PATIENCE = 4.0


class Gate:
    """Every operation passes it first.

    :param found: what was found wrong at the start, a sentence each
    :param replaced: gives what was replaced on disk since
    """

    def __init__(self, threads: Threads, found: list[str], replaced: Callable[[], list[str]]) -> None:
        self._threads = threads
        self._found = found
        self._replaced = replaced
        self._ends = False
        self._paused_until = 0.0

    def reasons(self) -> list[str]:
        """Why live is off; empty when it is on."""
        return [*self._found, *self._replaced()]

    @property
    def known(self) -> bool:
        """Whether live is on, but for what was replaced on disk."""
        return not self._found

    def close(self, reason: str) -> None:
        """Live is off from now on, until the daemon is a new one."""
        self._found.append(reason)

    def drain(self) -> None:
        """No operation any more: the daemon ends."""
        self._ends = True

    def pause(self, seconds: float) -> None:
        """No operation for so long: somebody is about to stop the daemon. He may be killed before, or fail."""
        self._paused_until = time.monotonic() + seconds

    @property
    def _draining(self) -> bool:
        return self._ends or time.monotonic() < self._paused_until

    def check(self, loads: bool = True) -> None:
        """Pass, or say why not.

        :param loads: whether something may be loaded from the disk, so that two builds would be mixed
        :raises LiveOff: live is off
        :raises Busy: the daemon is starting, stopping or draining
        """
        reasons = self.reasons() if loads else self._found
        if reasons:
            raise exception.LiveOff(f"Live changes are off on this host: {'; '.join(reasons)}", reasons=reasons)
        self.running()

    def reading(self) -> bool:
        """Whether the start of collectd is over: its read threads come after the last init callback."""
        return self._threads.reading()

    def running(self) -> None:
        """Pass when collectd is neither starting nor about to stop.

        :raises Busy: it is, or nobody can tell at this moment: it may have no descriptor left to look with
        :raises LiveOff: it may not look at itself, now or later
        """
        if self._draining:
            raise exception.Busy("collectd is about to be stopped")
        if not self._threads.reading():
            raise exception.Busy("collectd has not started its read threads yet")
        try:
            self.alive()
        except PermissionError as error:
            raise exception.LiveOff(f"What collectd is at cannot be seen: {error}", reasons=self.reasons()) from error
        except OSError as error:
            raise exception.Busy(f"What collectd is at cannot be seen: {error}") from error

    def alive(self) -> None:
        """Pass when collectd is not stopping.

        :raises Busy: it is
        """
        if not self._asleep():
            raise exception.Busy("collectd is stopping")

    def _asleep(self) -> bool:
        # At SIGTERM the main thread leaves its sleep for good and frees the lists that an operation walks.
        deadline = time.monotonic() + _PATIENCE
        while not self._threads.main_asleep():
            if self._draining or time.monotonic() > deadline:
                return False
            time.sleep(0.001)
        return True
