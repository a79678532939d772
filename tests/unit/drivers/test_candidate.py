# SPDX-License-Identifier: Apache-2.0
"""What a new process of collectd can bring about."""

from __future__ import annotations

import pytest

from collectd_mgr.domain.plan import DISABLE, Change, Running, RunningPlugin, plan
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers import candidate

THEIRS = PluginGoal(False, origin="host")


@pytest.mark.parametrize("name", ["procevent", "unixsock", "snmp_agent", "uuid", "threshold", "csv", "acme_write"])
def test_what_goes_on_without_its_reads_is_not_switched_off(name: str) -> None:
    said = candidate.refusal(Change(DISABLE, name, THEIRS))
    assert "only its reads could be taken out" in str(said)


def test_why_is_told() -> None:
    assert "threads of its own" in str(candidate.refusal(Change(DISABLE, "procevent", THEIRS)))
    assert "Nobody has proved" in str(candidate.refusal(Change(DISABLE, "acme_write", THEIRS)))


@pytest.mark.parametrize("name", ["swap", "snmp", "smart"])
def test_what_only_reads_is_switched_off(name: str) -> None:
    assert candidate.refusal(Change(DISABLE, name, THEIRS)) is None


@pytest.mark.parametrize("name", ["procevent", "csv", "acme_write"])
def test_one_of_ours_is_not_loaded_then(name: str) -> None:
    assert candidate.refusal(Change(DISABLE, name, PluginGoal(False))) is None


def test_a_process_lacks_nothing_that_none_could_be_without() -> None:
    """The operator may load later what is to be off: that ends no start."""
    on = Running(7, version="5.12.0", plugins={name: RunningPlugin(True, True) for name in ("unixsock", "swap")})
    goal = Goal({"unixsock": THEIRS, "swap": THEIRS})
    assert [change.plugin for change in plan(on, goal)] == ["swap", "unixsock"]
    assert candidate.lacking(on, goal) == ["plugin.disable swap"]
