# SPDX-License-Identifier: Apache-2.0
"""What was lost for good, counted over all agents of a host: who looks afterwards is to see it, too."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from collectd_mgr import disk

LOG = logging.getLogger(__name__)


class Losses:
    """Counts by the name of what was lost. Any thread may add.

    :param file: in which they are after :meth:`save`; in memory alone without. A full disk, where most is lost, takes
        them when there is room again
    """

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._counts = disk.read(file, _understood, Counter[str]()) if file else Counter[str]()
        self._saved = dict(self._counts)
        self._logged: set[str] = set()

    def __getitem__(self, name: str) -> int:
        return self._counts[name]

    def add(self, name: str, count: int = 1, why: object = None) -> None:
        """:param why: for the log, where it is news for this agent: what finds no room finds none again and again"""
        with self._lock:
            self._counts[name] += count
        if why is not None:
            LOG.log(logging.DEBUG if name in self._logged else logging.ERROR, "Lost: %s %s: %s", count, name, why)
            self._logged.add(name)

    def save(self) -> None:
        """Have them outlive the agent, and the machine, if there is room for that. Safe to repeat."""
        with self._lock:
            counts = {name: count for name, count in self._counts.items() if count}
        if self._file is None or counts == self._saved:
            return
        with suppress(OSError):
            disk.replace(self._file, json.dumps(counts))
            self._saved = counts


def _understood(data: Mapping[str, Any]) -> Counter[str]:
    return Counter({str(name): int(count) for name, count in data.items()})
