# SPDX-License-Identifier: Apache-2.0
"""A mend that cost a process of collectd and failed: again and again it would be a loop of restarts."""

from __future__ import annotations

from collectd_mgr.domain.plan import Plan, Running
from collectd_mgr.domain.spec import HostSpec


class Vain:
    """Remembers the last one, for as long as all that it was about is the same."""

    def __init__(self) -> None:
        self._failed: tuple[HostSpec, Running] | None = None
        self._known: tuple[object, ...] | None = None

    def failed(self, spec: HostSpec, before: Running) -> None:
        """It failed for ``spec``; ``before``: the daemon as it was found, maybe none, which is always started."""
        self._failed = None if before.pid is None else (spec, before)

    def is_again(self, spec: HostSpec, holds: str, running: Running, todo: Plan) -> bool:
        """Whether to do ``todo`` would be the same once more: to the process that came of the failure.

        :param holds: the digest of what of ``spec`` is in force
        """
        now = (spec, holds, *_process(running), todo)
        if self._failed is not None:
            wanted, before = self._failed
            # Where collectd was not touched, another try costs nothing, and may find what was wrong mended.
            if wanted == spec and _process(before) != _process(running):
                self._known = now
            self._failed = None
        if not todo:
            self._known = None
        return now == self._known


def _process(running: Running) -> tuple[int | None, float | None]:
    return running.pid, running.since_boot
