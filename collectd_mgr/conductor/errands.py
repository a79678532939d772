# SPDX-License-Identifier: Apache-2.0
"""Calls to hosts, a few at a time, so that a slow host holds up nobody else."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from collectd_mgr import exception

LOG = logging.getLogger(__name__)

Errand = Callable[[str], object]

#: How long an errand under way is waited for at the end, in seconds; whoever is called does it all the same.
_LEAVE = 1.0


class Errands:
    """At most one errand of a kind under way for a host: a second one is not needed, for the first does its work."""

    def __init__(self, workers: int) -> None:
        self._queue: queue.Queue[tuple[str, str, Errand] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._under_way: set[tuple[str, str]] = set()
        # Daemons, unlike those of an executor: a call that nobody answers must not keep the process from ending.
        self._threads = [threading.Thread(target=self._work, name="errand", daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    def run(self, kind: str, host: str, errand: Errand) -> bool:
        """Do it soon, in another thread; whether it was taken."""
        with self._lock:
            if (kind, host) in self._under_way:
                return False
            self._under_way.add((kind, host))
        self._queue.put((kind, host, errand))
        return True

    def stop(self) -> None:
        """Take no more, and wait a moment for those under way."""
        for _ in self._threads:
            self._queue.put(None)
        deadline = time.monotonic() + _LEAVE
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (item := self._queue.get()) is not None:
            self._do(*item)

    def _do(self, kind: str, host: str, errand: Errand) -> None:
        try:
            errand(host)
        except exception.CollectdMgrError as error:
            LOG.info("%s of %s: %s", kind, host, error.detail)
        except Exception:
            LOG.exception("%s of %s failed.", kind, host)
        finally:
            with self._lock:
                self._under_way.discard((kind, host))
