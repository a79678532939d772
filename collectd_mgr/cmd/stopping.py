# SPDX-License-Identifier: Apache-2.0
"""How a service is asked to end."""

from __future__ import annotations

import os
import signal

_NUMBERS = (signal.SIGTERM, signal.SIGINT)


class Asked:
    """Hears SIGTERM and SIGINT from its making on; one per process, for the main thread only."""

    def __init__(self) -> None:
        self._heard, told = os.pipe()
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        for number in _NUMBERS:
            signal.signal(number, lambda *_: None)

    def wait(self) -> None:
        """Until one came.

        A handler in Python runs when the main thread comes by. One that has just fallen asleep does not, nor one that
        another thread took the signal from, so an event that a handler sets may be set too late: at the next signal.
        The pipe is written by the handler in C, at once.
        """
        while os.read(self._heard, 1)[0] not in _NUMBERS:
            continue
