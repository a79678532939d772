# SPDX-License-Identifier: Apache-2.0
"""Times as hosts say them, who may say what they like."""

from __future__ import annotations

from datetime import datetime, timezone


def moment(seconds: object) -> datetime | None:
    """Seconds since 1970, in UTC without a zone as the records have it; ``None`` for what is no time."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None)  # type: ignore[arg-type]
    except (ValueError, OverflowError, OSError, TypeError):
        return None
