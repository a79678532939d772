# SPDX-License-Identifier: Apache-2.0
"""How far an agent has come with each choice of metrics, for the one after it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collectd_mgr import disk

LOG = logging.getLogger(__name__)


class Taken:
    """By choice the time of the newest value that was taken, in seconds since 1970, in a file.

    It outlives the agent, and is not waited for: what it does not tell after a power cut is taken once more.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._newest: Mapping[str, float] = disk.read(path, _understood, {})

    def of(self, choice: str) -> float:
        return self._newest.get(choice, 0.0)

    def keep(self, newest: Mapping[str, float]) -> None:
        """Of every choice there is."""
        if newest == self._newest:
            return
        self._newest = dict(newest)
        try:
            disk.replace(self._path, json.dumps(self._newest), durably=False)
        except OSError as error:
            LOG.debug("%s cannot be written: %s", self._path, error)


def _understood(data: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(time) for name, time in data.items()}
