# SPDX-License-Identifier: Apache-2.0
"""Calls to hosts, a few at a time, so that a slow host holds up nobody else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from collectd_mgr import exception

LOG = logging.getLogger(__name__)


class Errands:
    """At most one errand of a kind under way for a host: a second one is not needed, for the first does its work."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="errand")
        self._lock = threading.Lock()
        self._under_way: set[tuple[str, str]] = set()

    def run(self, kind: str, host: str, errand: Callable[[str], None]) -> bool:
        """Do it soon, in a thread of the pool; whether it was taken."""
        with self._lock:
            if (kind, host) in self._under_way:
                return False
            self._under_way.add((kind, host))
        self._pool.submit(self._do, kind, host, errand)
        return True

    def _do(self, kind: str, host: str, errand: Callable[[str], None]) -> None:
        try:
            errand(host)
        except exception.CollectdMgrError as error:
            LOG.info("%s of %s: %s", kind, host, error.detail)
        except Exception:
            LOG.exception("%s of %s failed.", kind, host)
        finally:
            with self._lock:
                self._under_way.discard((kind, host))

    def stop(self) -> None:
        """Wait for those under way; drop the others."""
        self._pool.shutdown(cancel_futures=True)
