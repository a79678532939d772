# SPDX-License-Identifier: Apache-2.0
"""A diff shows what would change, in collectd's words, without secrets."""

from __future__ import annotations

from collectd_mgr.control import difference
from collectd_mgr.control.edits import Desired
from collectd_mgr.domain.spec import HOST, Layer, PluginSetting
from collectd_mgr.domain.status import PluginStatus


def desired(**plugins: PluginSetting) -> Desired:
    return Desired(Layer(HOST, plugins))


def test_between_two_specs() -> None:
    old = desired(cpu=PluginSetting(True), df=PluginSetting(True, config={"Password": "one"}))
    new = desired(cpu=PluginSetting(False), df=PluginSetting(True, config={"Password": "two", "Port": 1}))
    text = difference.between(old, new, "1", "2").text
    assert text.splitlines()[:2] == ["--- 1", "+++ 2"]
    assert {'-LoadPlugin "cpu"', "+# cpu is off", "+ Port 1"} <= set(text.splitlines())
    assert "one" not in text
    assert "two" not in text
    changes = difference.between(old, new, "1", "2").plugins
    assert [(each.plugin, each.change) for each in changes] == [("cpu", "gone"), ("df", "block")]


def test_nothing_between_equals() -> None:
    one = desired(cpu=PluginSetting(True, 1.0, {"A": 1}))
    assert not difference.between(one, one, "1", "2")


def test_what_a_plugin_that_is_off_would_have_is_shown() -> None:
    old = desired(cpu=PluginSetting(False, 7.0, {"A": 1}), df=PluginSetting(False))
    new = desired(cpu=PluginSetting(False, 9.0, {"A": 2, "Password": "hunter2"}), df=PluginSetting(False))
    text = difference.between(old, new, "1", "2").text
    changed = ["-#  Interval 7.0", "+#  Interval 9.0", "-#  A 1", "+#  A 2", '+#  Password "********"']
    assert [line for line in text.splitlines()[3:] if line[0] in "+-"] == changed
    assert " # cpu is off" in text.splitlines()
    runs = {"cpu": PluginStatus(False, "off", interval=7.0, config={"A": 1}), "df": PluginStatus(False, "off")}
    assert not difference.from_effective(runs, {}, old, "desired")
    assert "+#  Interval 9.0" in difference.from_effective(runs, {}, new, "desired").text


def test_from_what_runs_only_what_was_set_counts() -> None:
    runs = {
        "cpu": PluginStatus(True, "observed", interval=10.0),
        "df": PluginStatus(True, "observed", "host", 10.0, {"MountPoint": "/"}),
        "load": PluginStatus(False, "off"),
        # It came with the thresholds.
        "threshold": PluginStatus(True, "registered"),
    }
    assert not difference.from_effective(runs, {}, desired(cpu=PluginSetting(True)), "desired")
    both = desired(cpu=PluginSetting(True), df=PluginSetting(True))
    assert not difference.from_effective(runs, {}, both, "desired")
    found = difference.from_effective(runs, {}, desired(df=PluginSetting(False)), "desired")
    text = found.text
    assert [(each.plugin, each.change) for each in found.plugins] == [("cpu", "gone"), ("df", "gone")]
    assert [line for line in text.splitlines()[3:] if line[0] in "+-"] == [
        '-LoadPlugin "cpu"',
        '-LoadPlugin "df"',
        "+# df is off",
    ]


def test_a_plugin_of_the_operators_runs_as_their_files_say() -> None:
    runs = {"df": PluginStatus(True, "observed", "host", 10.0, {"MountPoint": "/"})}
    for setting in (PluginSetting(), PluginSetting(None, 5.0, {"MountPoint": "/proc"})):
        assert not difference.from_effective(runs, {}, desired(df=setting), "desired")
    off = {"df": PluginStatus(False, "off", "host", 10.0, {"MountPoint": "/"})}
    found = difference.from_effective(off, {}, desired(df=PluginSetting()), "desired")
    assert [(each.plugin, each.change) for each in found.plugins] == [("df", "loaded")]


def test_settings_of_sections_are_lines() -> None:
    layer = Layer(HOST, sections={"thresholds": {"busy": {"type": "load"}}})
    text = difference.between(Desired(), Desired(layer), "1", "2").text
    assert '+# thresholds busy: {"type":"load"}' in text
    told = {"thresholds": {"settings": {"busy": {"type": "load"}}}}
    assert not difference.from_effective({}, told, Desired(layer), "x")
