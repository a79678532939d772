# SPDX-License-Identifier: Apache-2.0
"""Layers, their merge, and the JSON they travel as."""

from __future__ import annotations

import json

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
