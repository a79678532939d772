# SPDX-License-Identifier: Apache-2.0
"""The number of an agent's start, by which its statuses are told from those of earlier ones."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from collectd_mgr import disk

LOG = logging.getLogger(__name__)


def begin(directory: str, clock: Callable[[], int] = time.time_ns) -> int:
    """The number of this start: nanoseconds since 1970, or one more than the last where the clock has been set back.

    It is on the disk when this returns. Statuses under a lower number would be taken for late ones, and lost. A disk
    that is full is no reason not to begin: only a clock that is set back, too, would make the next number a lower one.
    """
    path = Path(directory) / "boot"
    last = 0
    with suppress(FileNotFoundError, ValueError):
        last = int(path.read_text(encoding="ascii"))
    number = max(clock(), last + 1)
    try:
        disk.replace(path, f"{number}\n")
    except OSError as error:
        LOG.error("The number of this start is not kept: %s", error)
    return number
