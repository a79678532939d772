# SPDX-License-Identifier: Apache-2.0
"""The moments at which a transaction can be cut off; a test kills the agent in each."""

from __future__ import annotations

from collections.abc import Callable

#: Called with the name of each moment as it is reached.
Fault = Callable[[str], None]

#: The intent is on the disk.
INTENT = "intent"
#: The driver is about to act.
ACTING = "acting"
#: The driver has acted; nobody knows yet.
APPLIED = "applied"
#: The outcome is remembered; the journal does not say so yet.
REMEMBERED = "remembered"
#: The journal is closed; nobody was answered yet.
DONE = "done"
#: A death of the daemon is remembered; the last good spec is not back yet.
QUARANTINED = "quarantined"

POINTS = (INTENT, ACTING, APPLIED, REMEMBERED, DONE, QUARANTINED)


def none(_point: str) -> None:
    """In production nothing happens at these moments."""
