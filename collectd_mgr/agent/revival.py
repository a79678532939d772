# SPDX-License-Identifier: Apache-2.0
"""Whether it is for the agent to start a daemon that does not run; and a start that asks for nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable

from collectd_mgr import exception
from collectd_mgr.agent.backoff import Backoff
from collectd_mgr.agent.carrier import Carrier
from collectd_mgr.agent.desired import NOTHING
from collectd_mgr.agent.settings import AgentSettings
from collectd_mgr.agent.state import State
from collectd_mgr.domain.mode import MANAGE
from collectd_mgr.domain.secrets import mask_text

LOG = logging.getLogger(__name__)


class Revival:
    """Called under the lock of the state. ``trouble``: why the last such start failed, in a sentence, until it runs."""

    def __init__(self, settings: AgentSettings, state: State, carrier: Carrier, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._state = state
        self._carrier = carrier
        self._clock = clock
        self._backoff = Backoff()
        self._dead_since: float | None = None
        self.trouble: str | None = None

    def over(self) -> None:
        """The daemon runs."""
        self._dead_since = self.trouble = None

    def is_ours(self) -> bool:
        """A dead daemon that somebody else restarts as well is left to them: for a while, or where we only observe."""
        daemon = self._settings.daemon
        if daemon.daemon == "attached" or (not daemon.ours and self._state.mode().mode != MANAGE):
            return False
        self._dead_since = self._dead_since or self._clock()
        return self._clock() - self._dead_since >= self._settings.revival

    def as_it_is(self) -> None:
        """Start it with what is on the disk, if it is ours, and not too often."""
        if not self.is_ours() or not self._backoff.due(self._clock()):
            return
        LOG.warning("collectd does not run: a start with what is on the disk is tried.")
        try:
            self._carrier.start(self._state.memory.current or NOTHING)
        except (exception.CollectdMgrError, OSError) as error:
            self.trouble = mask_text(f"collectd is not started: {_words(error)}")
            LOG.error("%s", self.trouble)
            self._state.changed()


def _words(error: exception.CollectdMgrError | OSError) -> str:
    """What is said of it, collectd's own messages with it."""
    if isinstance(error, OSError):
        return str(error)
    return " ".join((error.detail, *error.kwargs.get("messages", ())))
