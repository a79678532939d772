# SPDX-License-Identifier: Apache-2.0
"""Calls of somebody who need not have asked the API."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import oslo_messaging
import pytest

from collectd_mgr import exception
from tests.unit.agent.agents import Agent, spec

Json = dict[str, Any]


def _config(value: object) -> Callable[[Json], None]:
    return lambda data: data["layers"][0]["plugins"]["memory"].update(config={"ValuesAbsolute": value})


def _setting(value: object) -> Callable[[Json], None]:
    return lambda data: data["layers"][0].update(sections={"ignorelist": {"x": {"plugin": value}}})


@pytest.mark.parametrize(
    "change",
    [
        _config(math.inf),
        _config(math.nan),
        _setting("\ud800"),
        lambda data: data["layers"][0]["plugins"]["memory"].update(interval=10**400),
        lambda data: data["layers"][0]["counters"].update(reloads=math.inf),
        lambda data: data.update(mode={"reason": {}}),
        lambda data: data.update(mode={"mode": None}),
        lambda data: data.update(mode={"mode": "manage", "live": 1}),
    ],
)
def test_what_nobody_could_tell_of_afterwards_is_not_taken_up(tmp_path: Path, change: Callable[[Json], None]) -> None:
    agent = Agent(tmp_path).recover()
    agent.apply(spec(1, memory=1.0))
    before = agent.service.state.memory
    data = spec(2, memory=2.0).to_dict()
    change(data)
    with pytest.raises(oslo_messaging.ExpectedException) as refused:
        agent.service.endpoint.apply({}, data)
    assert isinstance(refused.value.exc_info[1], exception.BadRequest)
    assert agent.service.state.memory == before
    assert agent.service.endpoint.status({})["generation"]["n"] == 1


def test_no_mode_at_all_is_nothing_that_is_said(tmp_path: Path) -> None:
    agent = Agent(tmp_path).recover()
    agent.service.endpoint.apply({}, {**spec(1, memory=1.0).to_dict(), "mode": []})
    assert agent.service.endpoint.status({})["generation"]["n"] == 1
