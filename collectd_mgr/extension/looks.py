# SPDX-License-Identifier: Apache-2.0
"""Looks at what nobody tells of: each is made some seconds from now, on a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

#: Seconds between two of them.
_PAUSE = 2.0

#: The name of their threads, as the kernel has it. Any other one of Python's is called collectd.
THREAD = "collectd_mgr"


class _Timer(threading.Timer):
    """There may be a look for ever, where what is awaited does not come: nobody is to take it for a plugin's thread."""

    def run(self) -> None:
        with suppress(OSError):
            Path("/proc/thread-self/comm").write_text(THREAD, encoding="ascii")
        super().run()


class Looks:
    """One at a time. The caller holds a lock of his own around each method, but for :meth:`failed`.

    :param look: makes one, and says so by :meth:`made`
    """

    def __init__(self, look: Callable[[], None]) -> None:
        self._look = look
        self._awaited = False
        self._ended = False
        self._said = ""
        #: Takes a sentence for collectd's log.
        self.complain: Callable[[str], object] = lambda _: None
        #: Seconds until each is made.
        self.pause = _PAUSE

    def have(self) -> None:
        """Have one made, if none is awaited."""
        if self._awaited or self._ended:
            return
        timer = _Timer(self.pause, self._look)
        timer.daemon = True
        try:
            timer.start()
        except RuntimeError as error:  # No operation fails because there is no thread left.
            self.failed(error)
        else:
            self._awaited = True

    def made(self) -> None:
        """It is; another one may be awaited."""
        self._awaited = False

    def failed(self, error: Exception) -> None:
        """What failed is said once, for as long as it is the same: it may be so in every look."""
        said = f"{THREAD}: a look at what was switched off has failed: {type(error).__name__}: {error}"
        if said != self._said:
            self._said = said
            self.complain(said)

    def end(self) -> None:
        """Have none any more."""
        self._ended = True
