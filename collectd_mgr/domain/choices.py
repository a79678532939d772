# SPDX-License-Identifier: Apache-2.0
"""What an agent takes as a setting that it goes by itself: samples, the ring and mutes. Pure.

The API has looked at it before, but whoever writes on the bus need not have asked the API. What daemon or spool take is
judged where that is made of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import glob, sections
from collectd_mgr.domain.allowlist import Violation
from collectd_mgr.domain.sections import Sections

#: Seconds between two values of a metric, where a choice of samples or of the ring does not say.
INTERVAL = 10.0

_OWN = (sections.MUTES, sections.RING, sections.SAMPLES)


def _is_amount(value: Any) -> bool:
    """The least that the API takes of any is 1: with a tiny interval the agent would look at collectd all the time."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 1 <= value < math.inf


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


#: By member, in whatever section; what is absent or ``None`` is left to the agent.
_FITS: Mapping[str, Callable[[Any], bool]] = {
    "identifier": _is_text,
    "interval": _is_amount,
    "age": _is_amount,
    "bytes": _is_amount,
    "rates": lambda value: isinstance(value, bool),
    "severities": lambda value: isinstance(value, list) and all(map(_is_text, value)),
    "by": _is_text,
    "reason": _is_text,
}


def interval(setting: Mapping[str, Any]) -> float:
    """Seconds between two values of a metric, for a choice of samples or of the ring."""
    return float(setting.get("interval") or INTERVAL)


def normal(setting: dict[str, Any]) -> dict[str, Any]:
    """``setting``, as somebody asks for it. :raises BadSetting: no identifier can be as its pattern says"""
    pattern = setting.get("identifier")
    if pattern is not None and not glob.may_match(pattern):
        raise exception.BadSetting(
            f"identifier: {pattern!r} matches nothing, for it is held against whole identifiers. '*/memory/*' would.",
            field="identifier",
        )
    return setting


def misunderstood(asked: Sections) -> tuple[Violation, ...]:
    """What of ``asked`` cannot be what it is said to be (``config``)."""
    return tuple(
        Violation("", f"{section} > {name}", "config", f"It cannot be understood: {flaw}")
        for section in _OWN
        for name, setting in asked.get(section, {}).items()
        for flaw in _flaws(setting)
    )


def understood(asked: Sections) -> Sections:
    """``asked`` without such settings."""
    if not misunderstood(asked):
        return asked
    return sections.read({name: _fit(given) if name in _OWN else given for name, given in asked.items()})


def _fit(settings: sections.Settings) -> sections.Settings:
    return {name: setting for name, setting in settings.items() if not any(_flaws(setting))}


def _flaws(setting: Any) -> Iterator[str]:
    if not isinstance(setting, Mapping):
        yield f"{setting!r:.80}"
        return
    for key, value in setting.items():
        if value is not None and key in _FITS and not _FITS[key](value):
            yield f"{key} {value!r:.80}"
