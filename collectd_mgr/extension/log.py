# SPDX-License-Identifier: Apache-2.0
"""collectd's log: one line per operation into it, and what it says during an operation out of it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Iterator
from typing import Callable

#: syslog's severities, as collectd uses them. Notices and worse are part of what an operation says.
WARNING = 4
NOTICE = 5

#: More lines than this of one start are not kept.
_KEPT = 100

#: What the main thread says when it has left its loop; the next thing that it does is to free the lists of callbacks.
_EXITING = "Exiting normally."


class Log:
    """The log callback of the extension, registered where live is on.

    Only lines that the operation's own thread wrote are taken: config and init callbacks run on it.
    """

    def __init__(self, info: Callable[[str], None], error: Callable[[str], None]) -> None:
        self._info = info
        self.error = error
        #: Called on the main thread of collectd, which waits for it, before it frees anything.
        self.ending: Callable[[], None] = lambda: None
        #: Whether there is no other log callback.
        self.alone = False
        #: What collectd said of its start, at warning or worse, from our init callback to the last one.
        self.start: list[str] = []
        self._starting = True
        self._thread: int | None = None
        self._lines: list[str] = []

    def write(self, severity: int, message: str) -> None:
        """What collectd calls, on any thread, for every line of its log."""
        if self.alone:
            # Without any log plugin collectd writes to stderr; our callback must not swallow that.
            print(message, file=sys.stderr, flush=True)
        if self._starting and severity <= WARNING and len(self.start) < _KEPT:
            self.start.append(message)
        if severity <= NOTICE and threading.get_ident() == self._thread:
            self._lines.append(message)
        if message == _EXITING and threading.get_native_id() == os.getpid():
            self.ending()

    def started(self) -> None:
        """Every plugin is initialised."""
        self._starting = False

    @contextlib.contextmanager
    def capture(self) -> Iterator[list[str]]:
        """The notices, warnings and errors that this thread causes inside; one operation at a time."""
        self._lines, self._thread = [], threading.get_ident()
        try:
            yield self._lines
        finally:
            self._thread = None

    def operation(self, request_id: str, text: str) -> None:
        """The one line that an operation leaves in collectd's log."""
        self._info(f"collectd_mgr: [{request_id}] {text}")
