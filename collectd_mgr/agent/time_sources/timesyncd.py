# SPDX-License-Identifier: Apache-2.0
"""systemd-timesyncd, through D-Bus (``busctl``)."""

from __future__ import annotations

import json
import shlex
from typing import Any, ClassVar

from collectd_mgr.agent.time_sources.base import Silent, TimeSettings, TimeSource, asked, output
from collectd_mgr.domain.clock import Exchange, TimeReport

_NAME = "org.freedesktop.timesync1"

#: Not started for our question: where it is switched off, somebody else has the clock.
_QUESTION = (
    "--json=short",
    "--auto-start=no",
    "call",
    _NAME,
    "/org/freedesktop/timesync1",
    "org.freedesktop.DBus.Properties",
    "GetAll",
    "s",
    f"{_NAME}.Manager",
)

#: Times are in microseconds.
_MICRO = 1e-6

#: The leap indicator of a server that follows nothing.
_ALARM = 3


class Timesyncd(TimeSource):
    name: ClassVar[str] = "timesyncd"

    def __init__(self, settings: TimeSettings) -> None:
        self._command = [settings.busctl, *_QUESTION]
        self._restart = shlex.split(settings.timesyncd_restart)
        self._patience = settings.patience

    def read(self) -> TimeReport:
        return parse(output(self._command, self._patience))

    def correct(self, step: bool) -> str:
        """A restart: timesyncd asks its server at once then, and has no other way to be made to.

        It may set the clock then: when that is off by more than 0.4 s, which is what it is to find out, and when it is
        behind the time that it noted on the disk.
        """
        return asked(self._restart, 10 * self._patience)


def parse(text: str) -> TimeReport:
    """The properties of ``org.freedesktop.timesync1.Manager``, as busctl prints them. :raises Silent: something else"""
    try:
        properties = json.loads(text)["data"][0]
        return _report({name: value["data"] for name, value in properties.items()})
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Silent(f"timesyncd said {text.strip()[:200]!r}") from None


def _report(properties: dict[str, Any]) -> TimeReport:
    """``NTPMessage`` is the last answer of the server with its four times: see systemd's man page of the interface."""
    message = properties["NTPMessage"]
    leap, _version, _mode, stratum, _precision, root_delay, root_dispersion, _reference, *times = message[:12]
    ignored, packets = message[12], message[13]
    if not packets or ignored or leap == _ALARM:
        return TimeReport("timesyncd", False, sync_steps=True)
    exchange = Exchange(*(time * _MICRO for time in times))
    # Their clock beside ours: we are ahead by as much as they are behind.
    return TimeReport(
        "timesyncd",
        True,
        properties.get("ServerName") or None,
        stratum + 1,
        -exchange.offset,
        (root_delay / 2 + root_dispersion) * _MICRO + exchange.error,
        exchange.got,
        sync_steps=True,
    )
