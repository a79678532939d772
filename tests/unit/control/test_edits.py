# SPDX-License-Identifier: Apache-2.0
"""Edits are pure: what they keep, what they take away, and that actions can be told apart for ever."""

from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.control import difference, edits
from collectd_mgr.control.edits import Desired
from collectd_mgr.domain.leases import Lease
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.spec import HOST, Layer, PluginSetting

FULL = PluginSetting(True, 10.0, {"Password": "hunter2", "Port": 1})
DESIRED = Desired(Layer(HOST, {"mysql": FULL, "cpu": PluginSetting(True)}))


def test_set_replaces_the_whole_and_nothing_else() -> None:
    after = edits.set_plugin("mysql", PluginSetting(False))(DESIRED).layer
    assert after.plugins == {"mysql": PluginSetting(False), "cpu": PluginSetting(True)}


def test_set_keeps_a_secret_behind_its_mask() -> None:
    masked = PluginSetting(True, None, {"Password": "********", "Port": 1, "User": "u"})
    assert edits.set_plugin("mysql", masked)(DESIRED).layer.plugins["mysql"].config == {
        "Password": "hunter2",
        "Port": 1,
        "User": "u",
    }
    with pytest.raises(exception.BadConfig):
        edits.set_plugin("cpu", masked)(DESIRED)


def test_the_secret_of_a_lease_can_be_kept_for_good() -> None:
    leased = edits.lease_plugin("cpu", PluginSetting(True, None, FULL.config), Lease(60.0, 0.0))(DESIRED)
    masked = PluginSetting(True, None, {"Password": "********", "Port": 1})
    after = edits.set_plugin("cpu", masked)(leased)
    assert (after.layer.plugins["cpu"].config, after.leases) == (FULL.config, ())


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, FULL),
        ({"enabled": False}, PluginSetting(False, 10.0, FULL.config)),
        ({"interval": None}, PluginSetting(True, None, FULL.config)),
        ({"config": None}, PluginSetting(True, 10.0, None)),
    ],
    ids=str,
)
def test_patch_leaves_what_is_not_named(given: dict[str, object], wanted: PluginSetting) -> None:
    assert edits.patch_plugin("mysql", given)(DESIRED).layer.plugins["mysql"] == wanted


def test_unset_takes_it_away_and_can_be_repeated() -> None:
    edit = edits.unset_plugin("mysql")
    assert set(edit(edit(DESIRED)).layer.plugins) == {"cpu"}


def test_an_action_has_a_larger_number_than_any_before_it() -> None:
    """Even after a rollback, which takes the number of the failed action back."""
    numbers = [edits.restart_plugin("cpu")(DESIRED).layer.counters.restarts["cpu"]]
    again = edits.restart_plugin("cpu")(edits.restart_plugin("cpu")(DESIRED))
    numbers.append(again.layer.counters.restarts["cpu"])
    assert 0 < numbers[0] < numbers[1]
    for action in (edits.reload_daemon, edits.restart_daemon, edits.replace_daemon, edits.clear_quarantine):
        once = action(DESIRED)
        assert action(once).layer.counters != once.layer.counters != DESIRED.layer.counters


def test_revert_takes_settings_only() -> None:
    """Actions are not done again, and a host does not become manageable by going back."""
    now = edits.restart_plugin("cpu")(Desired(DESIRED.layer, Mode("observe")))
    after = edits.revert_to(Desired(Layer(HOST, {"df": PluginSetting(True)}), Mode("manage")))(now)
    assert (after.layer.plugins, after.mode) == ({"df": PluginSetting(True)}, Mode("observe"))
    assert after.layer.counters == now.layer.counters


def test_a_part_of_the_mode_keeps_the_rest() -> None:
    after = edits.set_mode({"live": False, "reason": "INC-12"})(Desired(DESIRED.layer, Mode("manage")))
    assert after.mode == Mode("manage", False, "INC-12", "server")
    assert edits.set_mode({"mode": "off"})(after).mode == Mode("off", False, "", "server")


def test_the_switch_alone_says_no_mode() -> None:
    after = edits.set_mode({"live": False})(Desired(DESIRED.layer))
    assert after.mode == Mode("", False, "", "server")


def test_the_collectd_that_runs_comes_back_with_a_generation() -> None:
    other = edits.set_program({"binary": "/opt/collectd"})(DESIRED)
    assert other.section("program") == {"collectd": {"binary": "/opt/collectd"}}
    assert "+# program collectd: " in difference.between(DESIRED, other, "1", "2").text
    third = edits.chain([edits.set_program({"image": "collectd:5"}), edits.replace_daemon])(other)
    assert third.section("program") == {"collectd": {"image": "collectd:5"}}
    back = edits.revert_to(other)(third)
    assert (back.section("program"), back.layer.counters) == (other.section("program"), third.layer.counters)
    assert edits.set_program(None)(third).section("program") == {}
