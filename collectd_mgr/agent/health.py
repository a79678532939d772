# SPDX-License-Identifier: Apache-2.0
"""How a plugin is, from what is known of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from collectd_mgr.domain.plan import RunningPlugin


@dataclass(frozen=True)
class Freshness:
    """What collectd's cache had of one plugin when it was looked at (seconds since 1970): its newest value (the same),
    and how many identifiers."""

    last_value: float | None = None
    metrics: int = 0
    looked: float = 0.0


def together(found: Iterable[Freshness], looked: float) -> Freshness:
    """Of all of them."""
    each = list(found)
    newest = max((item.last_value or 0.0 for item in each), default=None)
    return Freshness(newest, sum(item.metrics for item in each), looked)


def health(
    running: RunningPlugin | None, fresh: Freshness, interval: float, since: float, now: float, collects: bool = True
) -> str:
    """One of :data:`~collectd_mgr.domain.status.HEALTHS`, but for ``failed`` and ``unknown``.

    ``since``: when the plugin was last brought to what it does; a value from before says nothing of now.
    ``interval``: of the read that comes least often; ``collects``: whether values are to be expected, under names
    that are known.
    """
    if running is None or not running.loaded:
        return "off"
    if not running.enabled:
        return "stopping" if running.stopping or fresh.metrics else "off"
    # What is ahead of the clock is from before that was set back: until it is reached again, collectd takes nothing.
    newest, since = (moment if moment <= now + interval else 0.0 for moment in (fresh.last_value or 0.0, since))
    # What came since the cache was looked at is not known: nobody is silent for the time that has passed since then.
    if collects and min(now, fresh.looked) - max(newest, since) > 2 * interval:
        return "silent"
    return "observed" if newest > 0 and newest >= since else "registered"
