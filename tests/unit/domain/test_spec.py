# SPDX-License-Identifier: Apache-2.0
"""Layers, their merge, and the JSON they travel as."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.spec import HOST, ORIGIN, Counters, Generation, Goal, HostSpec, Layer, PluginSetting, merge

ORIGINAL = Layer(ORIGIN, {"df": PluginSetting(True, 10, {"MountPoint": "/"})})
MANAGED = Layer(HOST, {"df": PluginSetting(False), "cpu": PluginSetting(True, 1)}, Counters({"cpu": 2}, 1))
LEASE = Layer("lease:1", {"cpu": PluginSetting(interval=0.5)}, Counters({"cpu": 1}))


def test_merge_is_field_by_field_and_sums_counters() -> None:
    goal = merge((ORIGINAL, MANAGED, LEASE))
    assert goal.plugins["df"].to_dict() == {
        "enabled": False,
        "interval": 10,
        "config": {"MountPoint": "/"},
        "origin": "host",
        "restarts": 0,
    }
    assert (goal.plugins["cpu"].interval, goal.plugins["cpu"].restarts, goal.reloads) == (0.5, 3, 1)


def test_what_the_operators_files_name_runs_as_they_say() -> None:
    above = MANAGED.with_plugin("df", PluginSetting(False, 1, {"MountPoint": "/proc"}))
    df = merge((ORIGINAL, above, Layer("lease:2", {"df": PluginSetting(interval=0.5)}))).plugins["df"]
    assert (df.enabled, df.interval, df.config) == (False, 10, {"MountPoint": "/"})
    bare = merge((Layer(ORIGIN, {"df": PluginSetting(True)}), above)).plugins["df"]
    assert (bare.interval, bare.config, bare.origin) == (None, None, "host")


def test_a_setting_that_is_taken_out_lets_the_layer_below_show() -> None:
    goal = merge((ORIGINAL, MANAGED.with_plugin("df", None)))
    assert goal.plugins["df"].enabled


def test_what_travels_comes_back_equal() -> None:
    spec = HostSpec(Generation("e", 4), (MANAGED, LEASE), Mode("manage", True, "why", "server"))
    assert HostSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec
    goal = merge(spec.layers)
    assert Goal.from_dict(json.loads(json.dumps(goal.to_dict()))) == goal


def test_the_digest_is_of_the_content_not_of_the_generation() -> None:
    first, second = HostSpec(Generation("e", 1), (MANAGED,)), HostSpec(Generation("e", 2), (MANAGED,))
    assert first.digest() == second.digest()
    assert first.digest() != HostSpec(Generation("e", 1), (MANAGED, LEASE)).digest()


def said(layer: dict[str, Any], **besides: Any) -> HostSpec:
    return HostSpec.from_dict({"generation": {"epoch": "e", "n": 1}, "layers": [{"id": HOST, **layer}], **besides})


@pytest.mark.parametrize(
    ("layer", "unknown"),
    [
        ({"profile": "p1"}, "profile"),
        ({"plugins": {"cpu": {"enabled": True, "timeout": False}}}, "plugins.timeout"),
        ({"counters": {"polls": 1}}, "counters.polls"),
        ({"lease": {"seconds": 1, "not_after": 2, "renewed": 3}}, "lease.renewed"),
        ({"sections": {"phases": {"a": {}}}}, "phases"),
        ({"sections": {"queue": {"soft": {"high": 1}}}}, "queue.soft"),
        ({"sections": {"thresholds": {"a": {"type": "cpu", "for": 3}}}}, "thresholds.for"),
    ],
)
def test_what_a_later_release_says_is_named(layer: dict[str, Any], unknown: str) -> None:
    spec = said(layer)
    assert spec.unknown == {unknown}
    assert spec == said({key: value for key, value in spec.layers[0].to_dict().items() if key != "id"})
    assert said({}, mode={"mode": "manage", "until": 5}, wave=2).unknown == {"mode.until", "wave"}


def test_what_asks_for_nothing_is_no_news() -> None:
    """So a later release says it, where nobody has used what it brought."""
    layer = {
        "plugins": {"cpu": {"timeout": None}},
        "counters": {"polls": 0},
        "sections": {"phases": {}},
        "profile": None,
    }
    assert said(layer, wave=None).unknown == set()
    whole = HostSpec(Generation("e", 4), (MANAGED, LEASE), Mode("manage", True, "why", "server"))
    assert HostSpec.from_dict(whole.to_dict()).unknown == set()


def test_neither_on_nor_off_is_no_setting() -> None:
    with pytest.raises(ValueError, match="enabled"):
        PluginSetting.from_dict({"enabled": "no"})
