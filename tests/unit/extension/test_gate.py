# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.extension.gate import Gate
from tests.waiting import eventually


class Asleep:
    """The threads of a collectd that reads, and has nothing to do."""

    def reading(self) -> bool:
        return True

    def main_asleep(self) -> bool:
        return True


def passes(gate: Gate) -> bool:
    try:
        gate.check()
    except exception.Busy:
        return False
    return True


def test_a_stop_that_never_comes_is_not_waited_for_for_ever() -> None:
    gate = Gate(Asleep(), [], list)  # type: ignore[arg-type]
    gate.pause(0.2)
    with pytest.raises(exception.Busy, match="about to be stopped"):
        gate.check()
    eventually(lambda: passes(gate))


def test_an_end_is_one() -> None:
    gate = Gate(Asleep(), [], list)  # type: ignore[arg-type]
    gate.drain()
    gate.pause(0.0)
    assert not passes(gate)
