# SPDX-License-Identifier: Apache-2.0
"""Mutes: notifications that are kept and shown, but not published.

The settings of the section ``mutes``, by name; each is a lease, so the host ends it by its own clock::

    {"identifier": "*/cpu-*/*", "severities": ["okay"], "by": "u1", "reason": "INC-12"}

Without ``identifier`` all of the host's notifications are meant, without ``severities`` those of any severity.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectd_mgr.domain import glob
from collectd_mgr.domain.notifications import Notification
from collectd_mgr.domain.sections import Settings

#: The identifier pattern of a mute that has none.
EVERYTHING = "*"


def muted(mutes: Settings, notification: Notification) -> str | None:
    """The name of the mute that covers it, the first by name; ``None`` for none."""
    return next((name for name, mute in sorted(mutes.items()) if covers(mute, notification)), None)


def covers(mute: Mapping[str, Any], notification: Notification) -> bool:
    """Whether a mute means this notification."""
    severities = mute.get("severities")
    pattern = mute.get("identifier") or EVERYTHING
    return (severities is None or notification.severity in severities) and glob.matches(
        pattern, notification.identifier
    )
