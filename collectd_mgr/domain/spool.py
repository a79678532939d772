# SPDX-License-Identifier: Apache-2.0
"""How much an agent keeps on its disk while the bus is away: the setting ``limits`` of the section ``spool``.

::

    {"bytes": 16777216}
"""

from __future__ import annotations

from collectd_mgr.domain.sections import Settings

LIMITS = "limits"

#: The smallest limit of anything that is a spool, in bytes.
LEAST = 256 * 1024


def size(settings: Settings) -> int | None:
    """In bytes, as the settings of the section say; None where they do not."""
    asked = (settings.get(LIMITS) or {}).get("bytes")
    return max(int(asked), LEAST) if asked else None


def within(settings: Settings, most: int) -> Settings:
    """The same, and not more than so many bytes."""
    return {LIMITS: {"bytes": min(size(settings) or LEAST, max(most, LEAST))}}
