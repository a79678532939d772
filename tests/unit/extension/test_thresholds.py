# SPDX-License-Identifier: Apache-2.0
"""What looks for metrics that come back, and its end."""

from __future__ import annotations

import threading
from typing import Any, cast

from collectd_mgr.extension.thresholds import Thresholds


def timers() -> list[threading.Timer]:
    return [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]


def begun(ended: bool) -> int:
    """How many threads are begun for a metric that is to come back."""
    thresholds = Thresholds(cast(Any, None), cast(Any, None), lambda: {"h/p/t": 1e9}, {})
    thresholds._set("p", set, dict)
    before = timers()
    if ended:
        thresholds.end(1.0)
    thresholds.unhush("p")
    new = [timer for timer in timers() if timer not in before]
    for timer in new:
        timer.cancel()
    return len(new)


def test_there_is_always_one() -> None:
    """Where collectd reads thresholds and has none it registers its callback again, and frees the one in use."""
    thresholds = Thresholds(cast(Any, None), cast(Any, None), dict, {})
    thresholds._theirs = {}
    assert thresholds._wanted({})


def test_no_thread_is_begun_after_the_end() -> None:
    assert (begun(ended=False), begun(ended=True)) == (1, 0)
