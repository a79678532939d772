# SPDX-License-Identifier: Apache-2.0
"""Calls over the in-memory bus as they are over a real one, which says at once that nobody is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from collectd_mgr.rpc.agent import AgentAPI
from tests.waiting import PATIENCE

#: Seconds that a silent agent is waited for.
SHORT = 1.0


class Candid(AgentAPI):
    """Is patient with an agent that is there, and not with one that is away; whatever the caller says."""

    def __init__(self, transport: Any, there: Callable[[str], bool]) -> None:
        super().__init__(transport)
        self._there = there

    def _call(self, host: str, method: str, request_id: str, timeout: float | None, **arguments: Any) -> Any:
        seconds = PATIENCE if self._there(host) else SHORT
        return super()._call(host, method, request_id, seconds, **arguments)
