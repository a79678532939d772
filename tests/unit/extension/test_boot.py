# SPDX-License-Identifier: Apache-2.0
"""What goes wrong before the first read is told for what it is, and keeps nothing else from being done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from collectd_mgr.extension.boot import Boot
from collectd_mgr.extension.lists import Lists
from collectd_mgr.extension.log import Log
from collectd_mgr.extension.memory import Unreadable
from collectd_mgr.extension.registration import Registration


class Told:
    """A registration, lists and a schedule, of which some fail."""

    def __init__(self, *failing: str) -> None:
        self.failing = failing
        self.done: list[str] = []

    def do(self, what: str) -> None:
        if what in self.failing:
            raise Unreadable(what)
        self.done.append(what)


def boot(told: Told, said: list[str]) -> Boot:
    lists = SimpleNamespace(find=lambda name: 0, entries=lambda slot: [])
    made = Boot(cast(Lists, lists), Log(said.append, said.append), ["load"])
    made.registration = cast(Registration, SimpleNamespace(leave_out=told.do))
    made.schedule = lambda: told.do("schedule")
    return made


def run(*failing: str) -> tuple[list[str], list[str]]:
    told, said = Told(*failing), list[str]()
    made: Any = boot(told, said)
    assert made._last(0) == 0
    return told.done, said


def test_both_are_done() -> None:
    assert run() == (["load", "schedule"], [])


def test_times_of_its_own_are_no_plugin_that_reads() -> None:
    done, (said,) = run("schedule")
    assert done == ["load"]
    assert said.startswith("collectd_mgr: plugins are read at other times than those of the collectd before: ")


def test_a_plugin_that_reads_keeps_its_times() -> None:
    done, (said,) = run("load")
    assert done == ["schedule"]
    assert said.startswith("collectd_mgr: disabled plugins may be reading: ")
