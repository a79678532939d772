# SPDX-License-Identifier: Apache-2.0
"""What is asked of a collectd that is about to end."""

from __future__ import annotations

from collectd_mgr.domain.states import UNTOLD, States
from collectd_mgr.drivers.ending import killed
from collectd_mgr.drivers.outage import Outage
from collectd_mgr.drivers.process import Process

#: More than any pid.
NOBODY = 1 << 22


def test_the_first_one_alone_is_asked() -> None:
    """The next one may be one that hangs in its start, which nobody is to wait for."""
    asked: list[str] = []

    def find() -> States:
        asked.append("states")
        return {"h/load/load": (2, 0)}

    outage = Outage()
    assert (outage.warnings, outage.facts()) == ((), {})
    for _ in range(2):
        outage.begin(find)
        outage.end()
    assert asked == ["states"]
    assert "1 in state warning" in outage.warnings[0]
    assert outage.seconds is not None


def test_one_that_hangs_tells_nothing() -> None:
    outage = Outage()
    outage.begin(lambda: None)
    outage.end()
    assert outage.warnings == (UNTOLD,)


def test_what_one_that_was_killed_had_not_written_may_be_missing() -> None:
    outage = Outage()
    outage.begin(dict)
    for _ in range(2):
        outage.kill(Process(NOBODY, 0))
    outage.end()
    assert outage.facts()["warnings"] == [*outage.warnings] == [killed("collectd")]
