# SPDX-License-Identifier: Apache-2.0
"""chrony, through its own ``chronyc``."""

from __future__ import annotations

from typing import ClassVar

from collectd_mgr.agent.time_sources.base import Silent, TimeSettings, TimeSource, asked, output
from collectd_mgr.domain.clock import TimeReport

#: ``chronyc -c tracking`` (chrony 2.4 and later): reference id, its name, stratum, time of the last update, the
#: correction that is left, last and RMS offset, frequency, residual, skew, root delay, root dispersion, interval, leap.
_FIELDS = 14

#: Measurements for a correction: wanted, and tried at most.
_BURST = "4/8"

#: By how many seconds the clock must be off for how many updates to set it, instead of the policy of chrony.conf, until
#: chronyd starts again: never.
_NO_STEP = ("makestep", "1", "0")

#: Stratum of a clock that follows nothing.
_NONE = 16


class Chrony(TimeSource):
    name: ClassVar[str] = "chrony"

    def __init__(self, settings: TimeSettings) -> None:
        self._patience = settings.patience
        self._may_step = settings.allow_step
        self._command = [settings.chronyc, "-n"]
        self._command += ["-h", settings.chrony_address] if settings.chrony_address else []

    def read(self) -> TimeReport:
        return parse(output([*self._command, "-c", "tracking"], self._patience))

    def correct(self, step: bool) -> str:
        """A burst of measurements, after which chronyd slews; a step sets the clock by what is left to correct.

        chronyd goes by its own policy where steps are allowed. Where they are not, it is told to make none: it cannot
        be asked what its policy is.
        """
        orders = [("burst", _BURST), *([("makestep",)] if step else [])]
        if not step and not self._may_step:
            orders.insert(0, _NO_STEP)
        return "; ".join(asked([*self._command, *order], self._patience) for order in orders)


def parse(line: str) -> TimeReport:
    """The answer of ``chronyc -c tracking``. :raises Silent: it is something else"""
    fields = line.strip().split(",")
    try:
        if len(fields) < _FIELDS:
            raise ValueError
        stratum, updated = int(fields[2]), float(fields[3])
        correction, root_delay, dispersion = (float(fields[place]) for place in (4, 10, 11))
    except ValueError:
        raise Silent(f"chronyc said {line.strip()[:200]!r}") from None
    synchronised = fields[13] != "Not synchronised" and 0 < stratum < _NONE
    if not synchronised:
        return TimeReport("chrony", False)
    return TimeReport(
        "chrony",
        True,
        fields[1] or fields[0],
        stratum,
        # What is to be added to the clock; ahead is what is to be taken off.
        -correction,
        root_delay / 2 + dispersion,
        updated,
    )
