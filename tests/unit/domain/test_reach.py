# SPDX-License-Identifier: Apache-2.0
"""Which metrics a setting falls on: thresholds as collectd looks them up, choices by their pattern."""

from __future__ import annotations

from typing import Any

import pytest

from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.reach import expression
from collectd_mgr.domain.thresholds import candidates, key

NAMES = ["h/cpu-0/cpu-idle", "h/cpu/cpu-idle", "h/cpu-0/cpu", "g/load/load", "h/df-a-b/df_complex-x/y", "h/cpu-0/cpux"]


@pytest.mark.parametrize("host", ["", "h", "g"])
@pytest.mark.parametrize(
    "plugin", [{}, {"plugin": "cpu"}, {"plugin": "cpu", "plugin_instance": "0"}, {"plugin": "c.u"}]
)
@pytest.mark.parametrize("type_", ["cpu", "df_complex", "load", ".*"])
@pytest.mark.parametrize("type_instance", ["", "idle", "x/y"])
def test_a_threshold_falls_where_collectd_finds_it(
    host: str, plugin: dict[str, Any], type_: str, type_instance: str
) -> None:
    setting = {"host": host, "type": type_, "type_instance": type_instance, **plugin}
    falls = [name for name in NAMES if expression("thresholds", setting).fullmatch(name)]
    assert falls == [name for name in NAMES if key(setting) in candidates(Identifier.parse(name))]


@pytest.mark.parametrize("section", ["samples", "ring"])
def test_a_choice_falls_on_what_its_pattern_is_of(section: str) -> None:
    found = expression(section, {"identifier": "*/cpu-[0-9]/cpu-*"})
    assert [name for name in NAMES if found.fullmatch(name)] == ["h/cpu-0/cpu-idle"]
