# SPDX-License-Identifier: Apache-2.0
"""What settings would come to, by the metrics that there are."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.foresight import NAMED, Effect, Present, differ, effects, lost
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.preview import UNKNOWN

PRESENT = [
    Present(Identifier.parse(each), interval)
    for each, interval in (("h/cpu-0/cpu-idle", 1.0), ("h/cpu-1/cpu-idle", 1.0), ("h/df-root/df_complex-free", 10.0))
]
CPU = {"action": "deny", "plugin": "^cpu$"}


def only(before: dict[str, Any], after: dict[str, Any]) -> Effect:
    (found,) = effects(before, after, PRESENT)
    return found


def test_a_rule_drops_what_it_falls_on() -> None:
    found = only({}, {"ignorelist": {"cpu": CPU}})
    assert (found.matched, found.metrics) == (2, ("h/cpu-0/cpu-idle", "h/cpu-1/cpu-idle"))
    assert (found.before.series, found.before.samples, found.after.series, found.after.samples) == (2, 2.0, 0, 0)
    assert list(lost([found])) == [(found.before, found.after)]


def test_figures_are_told_as_somebody_would_write_them() -> None:
    sixteen = [Present(Identifier.parse(f"h/cpu-{number}/cpu"), 10.0) for number in range(16)]
    (found,) = effects({}, {"ignorelist": {"cpu": CPU}}, sixteen)
    before = found.to_dict()["before"]
    assert (before["interval"], before["samples_per_second"]) == (10.0, 1.6)


def test_what_another_rule_keeps_or_drops_already_is_not_its_doing() -> None:
    kept = {"keep": {"action": "allow", "plugin_instance": "^0$"}}
    found = only({"ignorelist": kept}, {"ignorelist": {**kept, "no": CPU}})
    assert (found.matched, found.before.series) == (2, 1)
    found = only({"ignorelist": {"all": CPU}}, {"ignorelist": {"all": CPU, "zero": {**CPU, "plugin_instance": "0"}}})
    assert (found.matched, found.before.series) == (1, 0)


def test_a_rule_need_not_come_by_the_api() -> None:
    """It is a deny rule where it does not say; one that an earlier release took is in nobody's way."""
    old = {"old": {"action": "deny", "type": "(a?)+"}}
    assert only({"ignorelist": old}, {"ignorelist": {**old, "cpu": {"plugin": "^cpu$"}}}).before.series == 2
    with pytest.raises(exception.BadSetting):
        only({}, {"ignorelist": old})


def test_what_comes_back_nobody_knows() -> None:
    found = only({"ignorelist": {"cpu": CPU}}, {})
    assert (found.change, found.after.series, found.after.basis) == ("unset", None, UNKNOWN)


@pytest.mark.parametrize("section", ["samples", "ring"])
def test_a_choice_gives_each_value_once(section: str) -> None:
    every = {"identifier": "*/cpu-*/*", "interval": 4.0}
    found = only({}, {section: {"cpu": every}})
    assert (found.matched, found.before.samples, found.after.samples) == (2, 0, 0.5)
    found = only({section: {"cpu": every}}, {section: {"cpu": {"identifier": "*", "interval": 5.0}}})
    assert (found.matched, found.before.samples) == (3, 0.5)
    assert found.after.samples == pytest.approx(0.2 + 0.2 + 0.1)
    found = only({section: {"cpu": every}}, {})
    assert (found.change, found.matched, found.before.samples, found.after.samples) == ("unset", 2, 0.5, 0)
    assert list(lost([found])) == []


def test_a_threshold_collects_nothing() -> None:
    idle = {"type": "cpu", "plugin": "cpu", "type_instance": "idle"}
    found = only({}, {"thresholds": {"idle": idle}})
    assert (found.matched, found.metrics) == (2, ("h/cpu-0/cpu-idle", "h/cpu-1/cpu-idle"))
    assert (found.before.samples, found.after.samples) == (0, 0)
    assert only({"thresholds": {"idle": idle}}, {}).matched == 2
    assert only({}, {"thresholds": {"idle": {**idle, "plugin": "gpu"}}}).matched == 0


def test_other_sections_touch_no_metric() -> None:
    settings: dict[str, Any] = {"queue": {"limits": {"high": 1}}, "spool": {"limits": {}}}
    found = effects({}, settings, ())
    assert [(each.section, each.name, each.change, each.matched) for each in found] == [
        ("queue", "limits", "set", None),
        ("spool", "limits", "set", None),
    ]
    assert not differ({}, settings)
    assert differ({}, {"ring": {"x": {}}})


def test_what_stays_is_no_effect() -> None:
    assert effects({"ring": {"x": {"identifier": "*"}}}, {"ring": {"x": {"identifier": "*"}}}, PRESENT) == ()


def test_many_are_counted_and_some_named() -> None:
    many = [Present(Identifier.parse(f"h/cpu-{n}/cpu-idle"), None) for n in range(1000)]
    (found,) = effects({}, {"ignorelist": {"cpu": CPU}}, many)
    assert (found.matched, len(found.metrics), found.before.series, found.before.samples) == (1000, NAMED, 1000, None)


class Counted(Identifier):
    """A metric that knows how often anybody looked at its name."""

    looks: ClassVar[list[str]] = []

    def __str__(self) -> str:
        self.looks.append(self.host)
        return super().__str__()


def test_many_rules_look_at_a_metric_once() -> None:
    present = [Present(Counted.of(f"h{n}/cpu-{n}/cpu-idle"), 1.0) for n in range(3)]
    rules = {f"r{n}": {"action": "deny", "plugin_instance": f"^{n}$"} for n in range(300)}
    found = effects({}, {"ignorelist": rules}, present)
    assert [each.name for each in found if each.matched] == ["r0", "r1", "r2"]
    assert all(each.before.series == each.matched for each in found)
    assert sorted(Counted.looks) == sorted(2 * ["h0", "h1", "h2"]), "once to judge, once to tell"


def test_of_many_that_different_rules_match_the_first_are_named() -> None:
    many = [Present(Identifier.parse(f"h/cpu-{n:04}/cpu-{'ab'[n % 2]}"), 1.0) for n in range(3 * NAMED)]
    half = {"half": {"action": "deny", "type_instance": "b"}}
    (found,) = effects({"ignorelist": half}, {"ignorelist": {**half, "cpu": CPU}}, many)
    assert (found.matched, found.before.series) == (len(many), len(many))
    assert list(found.metrics) == [str(each.metric) for each in many[:NAMED]]
