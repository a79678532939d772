# SPDX-License-Identifier: Apache-2.0
"""How a service is asked to end."""

from __future__ import annotations

import signal
import threading


def asked() -> threading.Event:
    """An event that SIGTERM and SIGINT set from now on; for the main thread only."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
