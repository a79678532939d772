# SPDX-License-Identifier: Apache-2.0
"""The limits of collectd's write queue: the setting ``limits`` of the section ``queue``.

::

    {"high": 100000, "low": 50000}

Above ``high`` value lists collectd drops every new one, below ``low`` none, and in between the more the fuller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain.effective import Option, effective
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.include import Located
from collectd_mgr.domain.lexer import Value
from collectd_mgr.domain.sections import Settings

LIMITS = "limits"

#: The largest of either.
MOST = 1 << 31

#: collectd's global options, which it takes in this order.
OPTIONS = {"high": "WriteQueueLimitHigh", "low": "WriteQueueLimitLow"}


def normal(limits: Mapping[str, Any] | None) -> dict[str, int] | None:
    """As it is stored; ``low`` is half of ``high`` unless it is given, as with collectd itself, and 1 at least: with 0,
    which an earlier release stored, collectd drops values even while its queue is empty.

    :raises BadSetting: one is no number of value lists, or ``low`` above ``high``
    """
    if limits is None:
        return None
    high = _limit(limits, "high", 1)
    low = max(1, high // 2) if limits.get("low") is None else _limit(limits, "low", 0)
    if low > high:
        raise exception.BadSetting("write_queue.low: must not be above high", field="low")
    return {"high": high, "low": low}


def _limit(limits: Mapping[str, Any], key: str, least: int) -> int:
    value = limits.get(key)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not MOST >= value >= least or value % 1:
        raise exception.BadSetting(f"write_queue.{key}: a whole number from {least} to {MOST} is wanted", field=key)
    return int(value)


def room(statements: Iterable[Item]) -> int | None:
    """How many value lists a collectd of this configuration keeps before it drops any; None where there is no limit."""
    limits = from_options(effective([Located(item, "") for item in statements]).options).get(LIMITS)
    return None if limits is None else int(limits["low"])


def from_options(options: Mapping[str, Option]) -> Settings:
    """The limits that the global options of a configuration set, as the section has them; none without ``high``.

    What is no number is left out, as collectd does.
    """
    found = {key: _count(options[option].value) for key, option in OPTIONS.items() if option in options}
    high, low = found.get("high"), found.get("low")
    if not high:
        return {}
    return {LIMITS: {"high": high, "low": high // 2 if low is None else min(low, high)}}


def _count(value: Value) -> int | None:
    try:
        return None if isinstance(value, bool) else int(float(value))
    except (OverflowError, ValueError):
        return None


def items(settings: Settings) -> Iterator[Item]:
    """The global options of collectd for the settings of the section."""
    limits = settings.get(LIMITS) or {}
    for key, option in OPTIONS.items():
        if key in limits:
            yield Item(option, (limits[key],))
