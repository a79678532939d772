# SPDX-License-Identifier: Apache-2.0
"""A daemon that does not answer: whether it is about to, and whether the outcome of its spec is known yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from collectd_mgr import exception
from collectd_mgr.agent.desired import same_daemon
from collectd_mgr.agent.state import LIVE
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.spec import Generation, HostSpec
from collectd_mgr.wire.look import look

#: Seconds after which a spec that met a silent daemon has failed.
LASTING = 60.0

#: How long a daemon is waited for that has just been started, and how old it is at most, in seconds.
STARTING = 10.0

_UNANSWERED = (exception.DaemonUnreachable, exception.RequestTimeout)


def is_starting(running: Running) -> bool:
    """Whether it is so young that nobody needs to wonder why it does not answer."""
    since_boot = running.since_boot
    young = since_boot is not None and time.clock_gettime(time.CLOCK_BOOTTIME) - since_boot < STARTING
    return young and running.pid is not None and running.version is None


def asked(running: Running) -> AbstractContextManager[None]:
    """Around questions to the daemon: if it hangs each would wait for it anew; one that starts may take its time."""
    return look() if running.silence is not None and not is_starting(running) else nullcontext()


def wait_for(happened: Callable[[], bool], seconds: float) -> bool:
    """Whether it happened within ``seconds``; looks at least once."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


def unanswered(running: Running, heard: tuple[int | None, float | None]) -> exception.CollectdMgrError:
    """What a change ends with that finds ``running`` silent: the process that was ``heard`` last may answer again."""
    again = heard[0] is not None and same_daemon(*heard, running)
    error = exception.RequestTimeout if again else exception.DaemonUnreachable
    return error(running.silence or "", maybe_executed=False)


class Silence:
    """Of one generation at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._of: Generation | None = None
        self._since = 0.0
        self.request_id = ""

    def may_end(self, error: exception.CollectdMgrError, driver: str | None, spec: HostSpec, request_id: str) -> bool:
        """Whether what was asked may have been done, or can be: then it is neither applied nor failed yet.

        A restart has its own way back, and a daemon that never answered is not expected to.
        """
        silent = driver == LIVE or (driver is None and isinstance(error, exception.RequestTimeout))
        return isinstance(error, _UNANSWERED) and silent and not self.lasts(spec, request_id)

    def lasts(self, spec: HostSpec, request_id: str = "") -> bool:
        """Whether this generation has met it for so long that it has failed; where an earlier agent was the first to
        ask, from now on."""
        if self._of != spec.generation:
            self._of, self._since, self.request_id = spec.generation, self._clock(), request_id
        return self._clock() - self._since >= LASTING

    def ended(self, spec: HostSpec) -> bool:
        """Whether this generation had met it; asked once, when the outcome is known."""
        met, self._of = self._of == spec.generation, None
        return met
