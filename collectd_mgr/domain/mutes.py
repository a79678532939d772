# SPDX-License-Identifier: Apache-2.0
"""Mutes: notifications that are kept and shown, but not published, until a time.

The settings of the section ``mutes``, by name::

    {"until": 1790000000.0, "identifier": "*/cpu-*/*", "severities": ["okay"], "by": "u1", "reason": "INC-12"}

Without ``identifier`` all of the host's notifications are meant, without ``severities`` those of any severity.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from collectd_mgr.domain.notifications import Notification
from collectd_mgr.domain.sections import Settings

#: The identifier pattern of a mute that has none.
EVERYTHING = "*"


def muted(mutes: Settings, notification: Notification, now: float) -> str | None:
    """The name of the mute that covers it at ``now`` (seconds since 1970), the first by name; ``None`` for none."""
    return next((name for name, mute in sorted(mutes.items()) if covers(mute, notification, now)), None)


def covers(mute: Mapping[str, Any], notification: Notification, now: float) -> bool:
    """Whether a mute is still on, and means this notification."""
    severities = mute.get("severities") or (notification.severity,)
    pattern = mute.get("identifier") or EVERYTHING
    return is_on(mute, now) and notification.severity in severities and fnmatchcase(notification.identifier, pattern)


def is_on(mute: Mapping[str, Any], now: float) -> bool:
    return now < float(mute["until"])
