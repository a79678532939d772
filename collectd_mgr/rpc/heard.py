# SPDX-License-Identifier: Apache-2.0
"""Which signed calls were heard before: each counts once, also for the next agent of the host."""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path

LOG = logging.getLogger(__name__)

#: Calls that are kept in mind before it is worth looking for those that have expired.
_FEW = 1000

#: In the place of a nonce: the line is of what is forgotten.
_MARK = "-"

_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class Heard:
    """Nonces until they expire. May be asked by any thread.

    What has expired is forgotten, but not until when: a clock that is set back makes none of it count again.

    :param path: of a file that outlives the process, one line for each; in memory alone without. Nobody else may have
        it open
    """

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._seen = _read(path) if path else {}
        #: The latest end of what is forgotten: nothing that ends before counts any more, whatever the clock says.
        self._mark = self._seen.pop(_MARK, float("-inf"))
        self._file: int | None = None
        self._tidy()

    def first(self, nonce: str, expires: float, lasting: bool) -> bool:
        """Whether it was not heard before, as far as that is known; it was from now on.

        :param lasting: not even the end of the machine may have it forgotten: this waits for the disk
        :raises OSError: what is to last cannot be remembered
        """
        with self._lock:
            if nonce in self._seen or expires <= self._mark:
                return False
            self._write(f"\n{expires!r} {nonce}", lasting)
            self._seen[nonce] = expires
            if len(self._seen) >= self._full:
                self._tidy()
            return True

    def _write(self, text: str, lasting: bool) -> None:
        """Each line begins with its end: one that a full disk has cut off spoils no other."""
        with nullcontext() if lasting else suppress(OSError):
            if self._file is None and self._path is not None:
                self._file = os.open(self._path, _APPEND, 0o600)
            if self._file is not None:
                _append(self._file, text, lasting)

    def _tidy(self) -> None:
        """Forget what has expired, in the file as well."""
        now = self._clock()
        self._mark = max([self._mark, *(expires for expires in self._seen.values() if expires <= now)])
        self._seen = {nonce: expires for nonce, expires in self._seen.items() if expires > now}
        self._full = max(_FEW, 2 * len(self._seen))
        if self._path is not None:
            try:
                self._replace(self._path)
            except OSError as error:
                LOG.warning("What has expired stays in %s for now: %s", self._path, error)

    def _replace(self, path: Path) -> None:
        """The file that there is stays the one until the new one is whole, and on the disk."""
        fresh = path.with_name(f"{path.name}.new")
        file = os.open(fresh, _APPEND | os.O_TRUNC, 0o600)
        lines = {_MARK: self._mark, **self._seen}
        try:
            _append(file, "".join(f"\n{expires!r} {nonce}" for nonce, expires in lines.items()), lasting=True)
            os.rename(fresh, path)
        except OSError:
            os.close(file)
            raise
        before, self._file = self._file, file
        if before is not None:
            os.close(before)

    def close(self) -> None:
        """Safe to repeat."""
        with self._lock:
            if self._file is not None:
                os.close(self._file)
            self._file = None


def _append(file: int, text: str, lasting: bool) -> None:
    content = text.encode()
    if os.write(file, content) < len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if lasting:
        os.fdatasync(file)


def _read(path: Path) -> dict[str, float]:
    """A line that is cut off is of a call that was never carried out."""
    found: dict[str, float] = {}
    with suppress(FileNotFoundError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            expires, _, nonce = line.partition(" ")
            with suppress(ValueError):
                found[nonce] = float(expires)
    return found
