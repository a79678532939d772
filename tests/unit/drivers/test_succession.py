# SPDX-License-Identifier: Apache-2.0
"""What of a new collectd is waited for; the two of them say what they are given to say here."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from collectd_mgr.drivers.collectd import Collectd
from collectd_mgr.drivers.process import Process
from collectd_mgr.drivers.succession import Succession
from collectd_mgr.testing.suite.rigs import settings_in
from collectd_mgr.wire.client import WireClient

FIRST = 100.0


class Told:
    """One that answers to ``reads``."""

    def __init__(self, **reads: dict[str, Any]) -> None:
        self.reads = reads

    def call(self, method: str) -> dict[str, dict[str, Any]]:
        assert method == "reads"
        return self.reads


def read(due: float, plugin: str = "cpu", failing: bool = False, first: float | None = FIRST) -> dict[str, Any]:
    return {"plugin": plugin, "interval": 10.0, "due": due, "failing": failing, "first": first}


def succession(directory: Path, old: Told, new: Told) -> Succession:
    collectd = cast(Collectd, SimpleNamespace(wire=old))
    made = Succession(settings_in(directory), collectd, cast(Process, None))
    made.close()
    made.wire = cast(WireClient, new)
    return made


def test_what_fails_in_both_is_named_and_not_waited_for(tmp_path: Path) -> None:
    reads = {"cpu": read(110.0, "cpu"), "nginx": read(120.0, "nginx", failing=True)}
    old = Told(**reads)
    made = succession(tmp_path, old, Told(**reads, nut=read(120.0, "nut", failing=True)))
    assert made.unread() == ({"cpu", "nut"}, {"nginx"})


def test_what_fails_in_the_new_one_alone_is_waited_for(tmp_path: Path) -> None:
    made = succession(tmp_path, Told(cpu=read(110.0)), Told(cpu=read(120.0, failing=True)))
    assert made.unread() == ({"cpu"}, set())


def test_a_plugin_of_which_another_read_is_to_come_is_waited_for(tmp_path: Path) -> None:
    bad = read(120.0, "curl", failing=True)
    made = succession(tmp_path, Told(bad=bad), Told(bad=bad, good=read(110.0, "curl")))
    assert made.unread() == ({"curl"}, {"curl"})


@pytest.mark.parametrize("first", [FIRST, None])
def test_what_came_later_is_read_at_once_the_rest_when_it_was_due_twice_again(
    tmp_path: Path, first: float | None
) -> None:
    new = Told(cpu=read(FIRST, first=first))
    made, waited = succession(tmp_path, new, new), []
    for due in (FIRST, 110.0, 110.0, 120.0):
        new.reads = {"cpu": read(due, first=first)}
        waited.append(made.unread()[0])
    assert waited == ([{"cpu"}] * 3 + [set()] if first else [set()] * 4)
