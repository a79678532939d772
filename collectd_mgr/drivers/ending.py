# SPDX-License-Identifier: Apache-2.0
"""Whether a daemon died, or was made to end: only the first says anything of what was done to it before.

And what it may cost that it had to be killed.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

#: An orderly end, or a signal that no fault of its own sends to a process.
_BY_SOMEBODY = (0, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT)

#: Seconds for which a SIGKILL may be that of an earlier kill for want of memory: a large process takes a while to end.
_LINGERING = 5.0

#: Seconds between two looks, at least.
_PAUSE = 1.0


def by_somebody(end: int | None, out_of_memory: bool) -> bool:
    """Whether an end (the exit status, or minus the signal; ``None``: not known) was somebody's doing.

    :param out_of_memory: whether the kernel may have sent that SIGKILL: what was loaded last may have taken the memory
    """
    return end in _BY_SOMEBODY and not (end == -signal.SIGKILL and out_of_memory)


def killed(collectd: str) -> str:
    """The sentence that this one had to be, and what it took along: writers that hang are why, as a rule."""
    return f"{collectd} did not end when asked, and was killed: what it had yet to write, or to send, may be missing."


def held(collectd: str) -> str:
    """The sentence that this one, which was killed, is there all the same, and what that means."""
    why = "The kernel does not let it end, because of a file system that does not answer, as a rule (state D in ps)"
    return f"{collectd} was killed, and is there yet. {why}: it reads and writes nothing any more."


class OutOfMemory:
    """Whether the kernel has killed something for want of memory just now, in any cgroup.

    It says how often it did (``oom_kill`` in /proc/vmstat), not whom it took; so a kill that falls into the same
    moment is suspected.
    """

    def __init__(self, counters: str = "/proc/vmstat", clock: Callable[[], float] = time.monotonic) -> None:
        self._counters = Path(counters)
        self._clock = clock
        self._kills = self._count()
        self._looked = self._clock()
        self._changed = float("-inf")

    def look(self) -> None:
        """To be called every now and then; what happens between two looks counts as just now at the second.

        More than one look a second is none: the kernel adds up every processor's counters for it.
        """
        if self._clock() - self._looked >= _PAUSE:
            self._see()

    def suspected(self) -> bool:
        self._see()
        return self._clock() - self._changed < _LINGERING

    def _see(self) -> None:
        kills, self._looked = self._count(), self._clock()
        if kills != self._kills:
            self._kills, self._changed = kills, self._looked

    def _count(self) -> int:
        """Kernels before 4.13 do not count: then nothing is suspected."""
        try:
            lines = self._counters.read_text(encoding="ascii").splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
