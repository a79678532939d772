# SPDX-License-Identifier: Apache-2.0
"""The parameters of the methods on the socket: their types, checked before anything is called."""

from __future__ import annotations

import math
from typing import Any, Callable

from collectd_mgr import exception
from collectd_mgr.domain.metrics import STATES
from collectd_mgr.domain.notifications import SEVERITIES
from collectd_mgr.domain.output import MODES

Check = Callable[[Any], bool]


def text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(text, value))


def line(value: Any) -> bool:
    """One line of a log; collectd cuts off what is too long for its own."""
    return isinstance(value, str) and value.isprintable()


def flag(value: Any) -> bool:
    return isinstance(value, bool)


def seconds(value: Any) -> bool:
    """A positive number; collectd's times are 64 bits of 2^-30 s, and a year is longer than any interval."""
    return _number(value) and 0 < value <= 366 * 86400


def seconds_or_zero(value: Any) -> bool:
    return (value == 0 and _number(value)) or seconds(value)


def count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def index(value: Any) -> bool:
    return value == 0 or count(value)


def severity(value: Any) -> bool:
    return value in SEVERITIES


def state(value: Any) -> bool:
    return value in STATES.values()


def settings(value: Any) -> bool:
    """Of a section: by name."""
    return isinstance(value, dict) and all(isinstance(setting, dict) for setting in value.values())


def mode(value: Any) -> bool:
    return value in MODES


def moment(value: Any) -> bool:
    """Seconds since 1970, in the range of collectd's times."""
    return _number(value) and 0 <= value < 1 << 33


def moments(value: Any) -> bool:
    return isinstance(value, dict) and all(map(moment, value.values()))


def samples(value: Any) -> bool:
    """By metric when it came last, and its interval, in seconds; 0 for one that is not known."""
    return isinstance(value, dict) and all(
        isinstance(each, list) and len(each) == 2 and moment(each[0]) and seconds_or_zero(each[1])
        for each in value.values()
    )


def states(value: Any) -> bool:
    """By metric the number of its state, and its hits."""
    return isinstance(value, dict) and all(map(_judged, value.values()))


def _judged(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(index, value)) and value[0] in STATES


def anything(_: Any) -> bool:
    return True


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def checked(checks: dict[str, Check], params: dict[str, Any]) -> dict[str, Any]:
    """``params`` without those that are None.

    :raises BadRequest: one that the method does not have, or of the wrong type
    """
    given = {name: value for name, value in params.items() if value is not None}
    for name, value in given.items():
        if name not in checks or not checks[name](value):
            raise exception.BadRequest(f"{name}: not a parameter of this request, or not a valid one", parameter=name)
    return given
