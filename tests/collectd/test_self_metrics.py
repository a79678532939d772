# SPDX-License-Identifier: Apache-2.0
"""Seen from collectd: a line per operation in its own log, and the extension's own metrics among the others."""

from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.testing.collectd import ScratchCollectd
from tests.waiting import Eventually

#: Of the host's own block, as the snippet for collectd.conf has it.
_METRICS = '<Plugin python>\n  <Module collectd_mgr>\n    Metrics "{}"\n  </Module>\n</Plugin>'


def last(collectd: ScratchCollectd, metric: str) -> float:
    """The last value of a metric in the files that collectd writes; before the first one it is -1."""
    files = sorted((collectd.csv / "scratch.example.org" / "collectd_mgr").glob(f"{metric}-2*"))
    rows = files[-1].read_text().splitlines()[1:] if files else []
    return float(rows[-1].split(",")[1]) if rows else -1.0


def test_they_are_written_as_any_plugins_are(eventually: Eventually) -> None:
    with ScratchCollectd(["load"], _METRICS.format("true"), interval=0.2) as collectd:
        for _ in range(3):
            collectd.call("plugin_enable", plugin="memory", interval=1)
            collectd.call("plugin_disable", plugin="memory")
        with pytest.raises(exception.LiveRefused):
            collectd.call("plugin_disable", plugin="python")
        collectd.call("values_get")
        eventually(lambda: last(collectd, "operations-done") == 6)
        eventually(lambda: last(collectd, "errors-operations") == 1)
        eventually(lambda: last(collectd, "total_time_in_ms-operations") >= 0)
        # The cache is read without its lock where that can be.
        eventually(lambda: 0 <= last(collectd, "duration-cache_lock_longest") < 5)
        assert not [line for line in collectd.log_text.splitlines() if "value is too old" in line]


def test_without_being_asked_there_are_none(eventually: Eventually) -> None:
    with ScratchCollectd(["load"], _METRICS.format("false"), interval=0.2) as collectd:
        eventually(lambda: collectd.call("values_get", plugin="load")["names"])
        assert not (collectd.csv / "scratch.example.org" / "collectd_mgr").exists()


def test_an_operation_is_one_line_with_its_request() -> None:
    with ScratchCollectd(["load"]) as collectd:
        collectd.call("plugin_enable", plugin="memory", interval=1, config_text="")
        with pytest.raises(exception.LiveRefused):
            collectd.call("plugin_disable", plugin="python")
        lines = [line for line in collectd.log_text.splitlines() if "[req-test]" in line]
    assert len(lines) == 2
    assert "plugin_enable plugin=memory interval=1: done in" in lines[0]
    assert "plugin_disable plugin=python: failed: live_refused in" in lines[1]
