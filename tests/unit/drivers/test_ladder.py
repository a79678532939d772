# SPDX-License-Identifier: Apache-2.0
"""Which driver makes a change."""

from __future__ import annotations

from typing import ClassVar

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import plan
from collectd_mgr.domain.capabilities import Offer
from collectd_mgr.domain.plan import Change, Plan, Running
from collectd_mgr.drivers import ladder
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.fake import FakeDaemon, FakeDriver

SETTINGS = DriverSettings("h", "/nowhere", "/nowhere", "/nowhere", "/nowhere")
LOAD_CPU = Plan((Change(plan.LOAD, "cpu"),))
NOTHING: dict[str, str] = {}


class Careful(FakeDriver):
    """Loads plugins, not df; and knows why it cannot restart the daemon."""

    name: ClassVar[str] = "live"

    def offer(self) -> Offer:
        return Offer(self.name, frozenset({plan.LOAD}), {plan.RESTART_DAEMON: "It lives inside it."})

    def refusal(self, change: Change, running: Running) -> str | None:
        return "Not this one." if change.plugin == "df" else None


@pytest.fixture
def both() -> ladder.Ladder:
    daemon = FakeDaemon()
    return ladder.Ladder([Careful(SETTINGS, daemon), FakeDriver(SETTINGS, daemon)])


@pytest.mark.parametrize(
    ("changes", "driver"),
    [
        ([(plan.LOAD, "cpu")], "live"),
        ([(plan.LOAD, "df")], "fake"),
        ([(plan.LOAD, "cpu"), (plan.DISABLE, "df")], "fake"),
        ([], "live"),
    ],
)
def test_the_first_that_can_do_all_and_refuses_none(
    both: ladder.Ladder, changes: list[tuple[str, str]], driver: str
) -> None:
    wanted = Plan(tuple(Change(kind, plugin) for kind, plugin in changes))
    assert both.pick(wanted, Running(), NOTHING).name == driver


def test_why_the_less_disruptive_ones_were_not_picked(both: ladder.Ladder) -> None:
    both_cannot = Plan((Change(plan.LOAD, "df"),))
    assert both.passed_over("fake", both_cannot, Running(), NOTHING) == {"live": "plugin.load df: Not this one."}
    assert both.passed_over("fake", LOAD_CPU, Running(), {"live": "Quarantined."}) == {"live": "Quarantined."}
    assert both.passed_over("live", LOAD_CPU, Running(), NOTHING) == {}


def test_a_barred_driver_is_passed_over_and_offers_no_changes(both: ladder.Ladder) -> None:
    barred = {"live": "Quarantined."}
    assert both.pick(LOAD_CPU, Running(), barred).name == "fake"
    live, fake = both.offers(barred)
    assert (live.capabilities, live.missing[plan.LOAD]) == (frozenset(), "Quarantined.")
    assert plan.LOAD in fake.capabilities


def test_when_none_can_each_says_why() -> None:
    alone = ladder.Ladder([Careful(SETTINGS)])
    with pytest.raises(exception.NoDriver) as caught:
        alone.pick(Plan((Change(plan.RESTART_DAEMON),)), Running(), NOTHING)
    assert caught.value.kwargs == {"refusals": {"live": "daemon.restart: It lives inside it."}}


def test_a_read_that_nobody_has_is_a_typed_error(both: ladder.Ladder) -> None:
    assert both.reader("values").name == "fake"
    with pytest.raises(exception.NotCapable):
        ladder.Ladder([Careful(SETTINGS)]).reader("values")


def test_drivers_are_loaded_by_entry_point_in_the_order_given() -> None:
    assert [driver.name for driver in ladder.load(["fake"], SETTINGS)] == ["fake"]


def test_a_missing_entry_point_stops_with_one_sentence() -> None:
    with pytest.raises(exception.NoDriver, match="'lvie' of \\[agent\\] drivers cannot be loaded"):
        ladder.load(["fake", "lvie"], SETTINGS)
