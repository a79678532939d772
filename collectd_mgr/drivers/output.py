# SPDX-License-Identifier: Apache-2.0
"""What a daemon writes to stdout and stderr: everything before it loads a log plugin, or without one for ever."""

from __future__ import annotations

import logging
import os
import shutil
from collections import deque
from contextlib import suppress
from pathlib import Path

LOG = logging.getLogger(__name__)

#: Beyond this many bytes the file is set aside; so there are never more than about two of it.
LIMIT = 1 << 20

#: How many lines are given at most, the last ones.
_LINES = 200


class Output:
    """The file at ``path``, mode 0600, that one process after another appends to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._start = 0

    def open(self) -> int:
        """A descriptor for the next process; the caller closes it."""
        self.trim()
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._start = os.fstat(descriptor).st_size
        return descriptor

    def lines(self) -> tuple[str, ...]:
        """What came since the last :meth:`open`."""
        with suppress(FileNotFoundError), self._path.open(encoding="utf-8", errors="replace") as file:
            file.seek(self._start)
            return tuple(line.rstrip("\n") for line in deque(file, maxlen=_LINES))
        return ()

    def trim(self) -> None:
        """Set aside what is there, if it is much. The process keeps its descriptor: it appends to an empty file.

        Where there is no room for a copy, what is there goes: nobody looks at a daemon without a look at this.
        """
        with suppress(FileNotFoundError):
            if self._path.stat().st_size > LIMIT:
                try:
                    self._set_aside()
                except OSError as error:
                    LOG.warning("What is in %s is not kept: %s", self._path, error)
                os.truncate(self._path, 0)
                self._start = 0

    def _set_aside(self) -> None:
        aside = self._path.with_name(f"{self._path.name}.1")
        aside.touch(mode=0o600)
        shutil.copyfile(self._path, aside)
