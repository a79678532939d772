# SPDX-License-Identifier: Apache-2.0
"""What the extension says of itself."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from collectd_mgr.extension.report import Report
from collectd_mgr.extension.settings import BadOption, Settings
from collectd_mgr.testing.collectd import TYPES

COUNTERS = {"done": 3, "failed": 1, "seconds": 0.0254}


def test_every_type_is_one_of_collectds_own() -> None:
    known = {line.split()[0] for line in Path(TYPES).read_text().splitlines() if line.strip()}
    assert {kind for kind, _, _ in Report(None, COUNTERS, lambda: 0.5).values()} <= known


def test_what_is_never_taken_is_not_reported() -> None:
    found: list[tuple[str, str, Any]] = list(Report(None, COUNTERS, lambda: None).values())
    assert found == [("operations", "done", 3), ("errors", "operations", 1), ("total_time_in_ms", "operations", 25)]


def test_the_option_is_true_or_false() -> None:
    assert not Settings().metrics
    assert Settings().with_options([SimpleNamespace(key="Metrics", values=("TRUE",))]).metrics
    with pytest.raises(BadOption):
        Settings().with_options([SimpleNamespace(key="Metrics", values=("perhaps",))])
