# SPDX-License-Identifier: Apache-2.0
"""What a conductor is told by its configuration; times are in seconds."""

from __future__ import annotations

from dataclasses import dataclass

#: So many heartbeats missed, and a host is down.
MISSED = 3


@dataclass(frozen=True)
class ConductorSettings:
    batch_size: int = 100
    batch_timeout: float = 0.2
    heartbeat_interval: float = 10.0
    resend_interval: float = 10.0
    call_timeout: float = 60.0
    notification_retention: float = 604_800.0
    notification_limit: int = 1_000_000
    generations_kept: int = 1000
    operation_retention: float = 2_592_000.0
    audit_retention: float = 31_536_000.0
    workers: int = 4

    @property
    def window(self) -> float:
        """A host that says nothing for so long is down."""
        return MISSED * self.heartbeat_interval * 1.1
