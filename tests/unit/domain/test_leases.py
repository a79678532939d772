# SPDX-License-Identifier: Apache-2.0
"""Leases begin once, and end by the clock of the host, or with its boot."""

from __future__ import annotations

from dataclasses import replace

from collectd_mgr.domain import leases
from collectd_mgr.domain.leases import Lease, Moment
from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting, merge

NOW = Moment("boot-1", 1000.0, 5000.0)
LOW = Layer(HOST, {"cpu": PluginSetting(True, 10.0)})
QUICK = Layer("lease:1", {"cpu": PluginSetting(interval=1.0)}, lease=leases.granted(60, NOW.wall))
SPEC = HostSpec(Generation("e", 1), (LOW, QUICK))


def later(seconds: float) -> Moment:
    return replace(NOW, boottime=NOW.boottime + seconds, wall=NOW.wall + seconds)


def interval(held: leases.Leases) -> float | None:
    spec = leases.in_force(SPEC, held)
    assert spec is not None
    return merge(spec.layers).plugins["cpu"].interval


def test_a_layer_with_a_lease_is_read_back_as_it_was() -> None:
    assert HostSpec.from_dict(SPEC.to_dict()) == SPEC
    assert "lease" not in LOW.to_dict()


def test_it_lies_above_the_others_until_its_time_is_over() -> None:
    held = leases.taken_up({}, SPEC.layers, NOW)
    assert interval(leases.ended(held, later(59.9))) == 1.0
    over = leases.ended(held, later(60))
    assert interval(over) == 10.0
    assert leases.reported(SPEC, over) == {"lease:1": {"state": "ended", "ends_at": 5060.0}}


def test_its_time_runs_once_whatever_is_sent_again() -> None:
    held = leases.taken_up({}, SPEC.layers, NOW)
    again = leases.taken_up(held, SPEC.layers, later(50))
    assert again == held
    over = leases.ended(held, later(60))
    assert interval(leases.ended(leases.taken_up(over, SPEC.layers, later(61)), later(62))) == 10.0


def test_a_wall_clock_that_is_set_changes_nothing() -> None:
    held = leases.taken_up({}, SPEC.layers, NOW)
    assert interval(leases.ended(held, replace(NOW, wall=0.0))) == 1.0
    assert interval(leases.ended(held, replace(NOW, wall=9e9))) == 1.0


def test_a_reboot_ends_it_though_the_new_boot_is_young() -> None:
    held = leases.taken_up({}, SPEC.layers, NOW)
    assert interval(leases.ended(held, Moment("boot-2", 1.0, NOW.wall + 5))) == 10.0


def test_one_that_comes_too_late_does_not_begin() -> None:
    held = leases.taken_up({}, SPEC.layers, later(60 + leases.LENIENCE + 1))
    assert interval(held) == 10.0


def test_one_without_an_end_has_ended() -> None:
    for seconds in (float("nan"), float("inf")):
        layer = Layer.from_dict({**QUICK.to_dict(), "lease": {"seconds": seconds, "not_after": float("inf")}})
        held = leases.taken_up({}, (layer,), NOW)
        assert leases.ended(held, NOW)["lease:1"].ended


def test_ended_ones_are_remembered_and_the_oldest_of_very_many_forgotten() -> None:
    held: leases.Leases = {}
    for number in range(1100):
        layer = Layer(f"lease:{number}", lease=Lease(1.0, 1e12))
        held = leases.ended(leases.taken_up(held, (layer,), NOW), later(2))
    assert "lease:0" not in held
    assert held["lease:1000"].ended
    assert len(held) <= 1001
