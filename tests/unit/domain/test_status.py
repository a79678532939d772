# SPDX-License-Identifier: Apache-2.0
"""The status travels whole; the heartbeat is small."""

from __future__ import annotations

import dataclasses
import json

from collectd_mgr.domain.spec import Generation
from collectd_mgr.domain.status import HostStatus, PluginStatus

STATUS = HostStatus(
    "h" * 64,
    boot=1_795_000_000_123_456_789,
    sequence=123456,
    generation=Generation("0123456789abcdef", 123456),
    digest="0" * 32,
    outcome="applied",
    plugins={"cpu": PluginStatus(True, "observed", last_value=1.5)},
    warnings=("w",),
)


def test_what_travels_comes_back_equal() -> None:
    assert HostStatus.from_dict(json.loads(json.dumps(STATUS.to_dict()))) == STATUS
    fresh = HostStatus("h", 1, 0)
    assert HostStatus.from_dict(json.loads(json.dumps(fresh.to_dict()))) == fresh


def test_what_a_newer_agent_says_besides_is_left_out() -> None:
    said = json.loads(json.dumps(STATUS.to_dict()))
    for record in (said, said["plugins"]["cpu"], said["mode"]):
        record["of_tomorrow"] = 1
    assert HostStatus.from_dict(said) == STATUS


def test_the_heartbeat_is_under_300_bytes() -> None:
    assert len(json.dumps(STATUS.heartbeat())) < 300


def test_health_digest_moves_with_health_and_not_with_every_value() -> None:
    def with_cpu(plugin: PluginStatus) -> str:
        return dataclasses.replace(STATUS, plugins={"cpu": plugin}, sequence=1).health_digest()

    assert with_cpu(PluginStatus(True, "observed", last_value=2.5)) == STATUS.health_digest()
    assert with_cpu(PluginStatus(True, "silent", last_value=1.5)) != STATUS.health_digest()
