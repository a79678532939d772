# SPDX-License-Identifier: Apache-2.0
"""An agent that cannot read what it remembers takes nothing away of what it was to keep."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr.domain import sections
from collectd_mgr.domain.ring import RingQuery
from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from tests.unit.agent.agents import Agent

_CHOICES = {sections.RING: {"all": {"identifier": "*", "interval": 1.0}}}
_SPEC = HostSpec(Generation("e", 1), (Layer(HOST, {"load": PluginSetting(True, 1.0)}, sections=_CHOICES),))


@pytest.mark.parametrize("damaged", ["", "{", "[]"])
def test_the_ring_waits_for_the_server(tmp_path: Path, damaged: str) -> None:
    agent = Agent(tmp_path).recover()
    agent.apply(_SPEC)
    agent.service.publisher._ring.round(0.0)
    (row,) = agent.service.publisher.recent(RingQuery(0.0)).rows
    agent.service.keeper.close()
    for file in (tmp_path / "state").glob("memory.*"):
        file.write_text(damaged)

    agent = Agent(tmp_path, agent.collectd).recover()
    publisher = agent.service.publisher
    publisher._ring.round(0.0)
    assert publisher.recent(RingQuery(0.0)).rows == (), "nobody knows what was chosen"
    agent.apply(_SPEC)
    assert publisher.recent(RingQuery(0.0)).rows[0] == row
