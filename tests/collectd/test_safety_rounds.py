# SPDX-License-Identifier: Apache-2.0
"""The rounds that earn the live-safety table find out a plugin that is not safe."""

from pathlib import Path

import pytest

from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.safety.facts import facts
from collectd_mgr.testing.safety.rounds import OPTIONS, Subject, prove
from collectd_mgr.testing.safety.verdict import Outcome, refusal


@pytest.fixture
def plugin(compiled: dict[str, Path]) -> Path:
    return compiled["unsafe"]


def trial(plugin: Path, does: str) -> Outcome:
    with ScratchCollectd(interval=1, own_plugins=[plugin], options=OPTIONS) as daemon:
        return prove(Subject("unsafe", f'Does "{does}"', daemon), rounds=2)


def test_a_plugin_that_does_nothing_wrong_stands(plugin: Path) -> None:
    assert trial(plugin, "nothing") == Outcome(reads_seen=True, values_seen=True)


@pytest.mark.parametrize(
    ("does", "reason", "evidence"),
    [
        ("thread", "threads", "collectd"),
        ("leak", "leaks", "/dev/null"),
        ("value", "reads_left", "A value came"),
        ("notification", "notification_callback", "A notification came"),
        ("once", "not_back", "no read"),
        ("crash", "crash", "died"),
    ],
)
def test_a_plugin_that_does_is_refuted(plugin: Path, does: str, reason: str, evidence: str) -> None:
    outcome = trial(plugin, does)
    assert outcome.reason == reason
    assert evidence in outcome.detail


def test_the_file_alone_tells_of_threads(plugin: Path) -> None:
    found = facts("unsafe", plugin.parent)
    assert found.callbacks == ("config", "init", "read")
    assert refusal(found) == ("threads", "It imports a function that creates threads.")
