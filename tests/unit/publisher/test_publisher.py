# SPDX-License-Identifier: Apache-2.0
"""Who is told what: old alarms ring nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from collectd_mgr.domain import sections
from collectd_mgr.domain.notifications import Batch
from collectd_mgr.domain.reads import Page
from collectd_mgr.domain.sections import Sections
from collectd_mgr.domain.spool import LEAST
from collectd_mgr.publisher.publisher import Outlets, Publisher, Sources
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.rpc import transport
from tests.unit.rpc.buses import configuration


def facts_at_start(directory: Path, telemetry: bool, settings: Sections) -> dict[str, Any]:
    outlet = transport.lasting(configuration())
    outlets = Outlets("h", outlet, outlet if telemetry else None)
    sources = Sources(lambda position, limit, wait: Batch(), lambda _: Page(), lambda name: settings.get(name, {}))
    return Publisher(directory, LEAST, outlets, sources).facts()


def waiting(directory: Path, telemetry: bool) -> dict[str, int]:
    """For each reader of the notifications, when an agent starts."""
    facts = facts_at_start(directory, telemetry, {})
    return {name: reader["waiting"] for name, reader in facts["notifications"]["readers"].items()}


def test_telemetry_is_not_told_of_the_time_before_it_was_switched_on(tmp_path: Path) -> None:
    seen = []
    for telemetry in (False, True, True, False, True):
        seen.append(waiting(tmp_path, telemetry))
        Spool(tmp_path / "notifications", LEAST).append([{"position": {}}] * 5)
    assert seen == [
        {"conductors": 0},
        {"conductors": 5, "telemetry": 0},
        {"conductors": 10, "telemetry": 5},
        {"conductors": 15},
        {"conductors": 20, "telemetry": 0},
    ]


def test_a_spool_has_the_size_that_is_set_before_anything_comes(tmp_path: Path) -> None:
    """Else what waits in a large one would go with what comes first, if that is soon."""
    facts = facts_at_start(tmp_path, True, {sections.SPOOL: {"limits": {"bytes": 64 * LEAST}}})
    assert [facts[name]["limit"] for name in ("notifications", "samples")] == [64 * LEAST] * 2
