# SPDX-License-Identifier: Apache-2.0
"""collectd's log: one line per operation into it, and what it says during an operation out of it."""

from __future__ import annotations

import contextlib
import math
import os
import sys
import threading
import time
from collections.abc import Iterator
from typing import Callable

from collectd_mgr.domain import complaints

#: syslog's severities, as collectd uses them. Notices and worse are part of what an operation says.
ERROR = 3
WARNING = 4
NOTICE = 5

#: More lines than this of one start are not kept.
_KEPT = 100

#: Seconds.
_MOMENT = 1.0

#: What the main thread says when it has left its loop; the next thing that it does is to free the lists of callbacks.
_EXITING = "Exiting normally."


class Log:
    """The log callback of the extension: from its import on, and after the start only where live is on.

    Only lines that the operation's own thread wrote are taken: config and init callbacks run on it.
    """

    def __init__(self, info: Callable[[str], None], error: Callable[[str], None]) -> None:
        self._info = info
        self.error = error
        #: Called on the main thread of collectd, which waits for it, before it frees anything.
        self.ending: Callable[[], None] = lambda: None
        #: Whether there is no other log callback; until that is known, rather too much is said than nothing.
        self.alone = True
        #: What collectd said of its start, at warning or worse, since it imported us.
        self.start: list[str] = []
        #: Those with which it does not take a part of its configuration.
        self.rejections: list[str] = []
        self._configuring = True
        self._until = math.inf
        self._thread: int | None = None
        self._lines: list[str] = []

    def write(self, severity: int, message: str | bytes) -> None:
        """What collectd calls, on any thread, for every line of its log; it gives what is no UTF-8 as bytes."""
        text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
        self._hear(severity, text)
        if self.alone:
            # Without any log plugin collectd writes to stderr; our callback must not swallow that.
            with contextlib.suppress(OSError):  # On a disk that is full, maybe.
                # In one piece, for other threads write as well.
                sys.stderr.write(f"{text}\n")
                sys.stderr.flush()
        if text == _EXITING and threading.get_native_id() == os.getpid():
            self.ending()

    def _hear(self, severity: int, message: str) -> None:
        if threading.get_ident() == self._thread:
            if severity <= NOTICE:
                self._lines.append(message)
        elif severity <= WARNING and len(self.start) < _KEPT and time.monotonic() < self._until:
            self._keep(severity, message)

    def _keep(self, severity: int, message: str) -> None:
        self.start.append(message)
        if self._configuring and (severity <= ERROR or complaints.rejects(message)):
            self.rejections.append(message)

    def configured(self) -> None:
        """The configuration was read to its end."""
        self._configuring = False

    def started(self) -> None:
        """Every plugin is initialised; the threads that they have started have a moment to say something."""
        self._until = time.monotonic() + _MOMENT

    @contextlib.contextmanager
    def capture(self) -> Iterator[list[str]]:
        """The notices, warnings and errors that this thread causes inside; one operation at a time."""
        self._lines, self._thread = [], threading.get_ident()
        try:
            yield self._lines
        finally:
            self._thread = None

    def operation(self, request_id: str, text: str) -> None:
        """The one line that an operation leaves in collectd's log: whatever somebody put into it is no second one."""
        line = f"collectd_mgr: [{request_id}] {text}"
        self._info("".join(letter if letter.isprintable() else "?" for letter in line))
