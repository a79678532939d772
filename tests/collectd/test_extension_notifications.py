# SPDX-License-Identifier: Apache-2.0
"""collectd's notifications out of a real collectd: in order, each once, bounded, and never in its way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.notifications import Batch, Position
from collectd_mgr.testing.collectd import ScratchCollectd
from tests.waiting import PATIENCE, Eventually

ALARM = 'LoadPlugin "alarm"\n<Plugin alarm>\n  Rate {rate}\n</Plugin>'

THRESHOLD = """
LoadPlugin "load"
LoadPlugin "threshold"
<Plugin threshold>
  <Type "load">
    DataSource "shortterm"
    FailureMax -1
  </Type>
</Plugin>
"""


#: Seconds to wait for a notification that must come: half of what a call of ours waits for its answer.
SOON = 60.0


def read(collectd: ScratchCollectd, position: Position | None = None, limit: int = 1000, wait: float = 0.0) -> Batch:
    params = (position or Position()).to_dict()
    return Batch.from_dict(collectd.call("notifications_read", limit=limit, wait=wait, **params))


def numbers(batch: Batch) -> list[int]:
    return [int(row.message.removeprefix("number ")) for row in batch.rows]


@pytest.fixture
def alarmed(compiled: dict[str, Path]) -> Callable[[int], ScratchCollectd]:
    """A collectd, not started, that raises so many notifications in a second."""
    return lambda rate: ScratchCollectd(config=ALARM.format(rate=rate), interval=0.1, own_plugins=[compiled["alarm"]])


def test_what_is_put_in_comes_out_whole() -> None:
    with ScratchCollectd() as collectd:
        said = {"severity": "failure", "message": 'tést "1"', "host": "h", "plugin": "p", "plugin_instance": "i"}
        said |= {"type": "gauge", "type_instance": "a/b"}
        began = time.time()
        collectd.call("notification_send", **said)
        (row,) = read(collectd, wait=SOON).rows
        assert {key: value for key, value in row.to_dict().items() if key in said} == said
        assert (row.identifier, row.count, row.since) == ("h/p-i/gauge-a/b", 1, None)
        assert began - 1 < row.time < time.time() + 1
        assert "[req-test] notification_send" in collectd.log_text


def test_a_threshold_says_what_was_crossed(eventually: Eventually) -> None:
    with ScratchCollectd(config=THRESHOLD, interval=0.2) as collectd:
        row = read(collectd, wait=SOON).rows[0]
        assert (row.severity, row.plugin, row.type, row.host) == ("failure", "load", "load", "scratch.example.org")
        assert row.meta["DataSource"] == "shortterm"
        assert row.meta["FailureMax"] == -1.0
        assert "WarningMax" not in row.meta, "a bound that is not set is a NaN"


def test_nothing_is_handed_out_again_once_it_is_safe(alarmed: Callable[[int], ScratchCollectd]) -> None:
    with alarmed(200) as collectd:
        seen: list[int] = []
        position = Position()
        while len(seen) < 300:
            batch = read(collectd, position, limit=37, wait=SOON)
            assert read(collectd, position, limit=37).rows[: len(batch.rows)] == batch.rows, "safe to repeat"
            seen += numbers(batch)
            position = batch.position
        assert seen == list(range(1, len(seen) + 1))


def test_a_reader_that_was_with_another_daemon_gets_everything(alarmed: Callable[[int], ScratchCollectd]) -> None:
    with alarmed(50) as collectd:
        batch = read(collectd, Position("another", 10_000), wait=SOON)
        assert (batch.first, numbers(batch)[0]) == (1, 1)


def test_what_nobody_takes_is_bounded_and_counted(
    alarmed: Callable[[int], ScratchCollectd], eventually: Eventually
) -> None:
    with alarmed(20_000) as collectd:
        eventually(lambda: read(collectd, limit=1).dropped > 5000)
        batch = read(collectd, limit=10)
        assert batch.first > 5000
        assert numbers(batch) == list(range(batch.first, batch.first + 10)), "the oldest went"


def test_a_reader_that_waits_does_not_hold_up_the_end() -> None:
    with ScratchCollectd() as collectd:
        errors: list[str] = []

        def wait() -> None:
            try:
                read(collectd, wait=3600)
            except exception.DaemonUnreachable as error:
                errors.append(error.code)

        reader = threading.Thread(target=wait)
        reader.start()
        time.sleep(0.5)
        assert collectd.stop() == 0
        reader.join(PATIENCE)
        assert not reader.is_alive()


def test_what_collectd_would_not_take_is_refused() -> None:
    with ScratchCollectd() as collectd:
        with pytest.raises(exception.BadRequest, match="severity"):
            collectd.call("notification_send", severity="loud", message="x")
        with pytest.raises(exception.BadRequest, match="nosuchtype"):
            collectd.call("notification_send", severity="okay", message="x", type="nosuchtype")
        collectd.call("notification_send", severity="okay", message="bare")
        assert [row.message for row in read(collectd, wait=SOON).rows] == ["bare"]


def said(collectd: ScratchCollectd, *messages: str) -> None:
    for message in messages:
        collectd.call("notification_send", severity="okay", message=message)


def test_an_orderly_end_hands_on_what_nobody_has_taken() -> None:
    with ScratchCollectd() as collectd:
        said(collectd, "a", "b", "c")
        taken = read(collectd, limit=2, wait=SOON)
        for last in ("d", "e"):
            assert collectd.stop() == 0
            collectd.start()
            said(collectd, last)
        batch = read(collectd, taken.position, wait=SOON)
        assert (batch.stream, batch.first, [row.message for row in batch.rows]) == (taken.stream, 3, ["c", "d", "e"])
        assert read(collectd, batch.position).rows == ()
        assert not list(collectd.directory.glob("*.notifications*")), "nobody else goes on with the same numbers"


def test_what_the_next_process_cannot_read_does_not_stop_it() -> None:
    with ScratchCollectd() as collectd:
        said(collectd, "a")
        before = read(collectd, wait=SOON)
        collectd.stop()
        (file,) = collectd.directory.glob("*.notifications")
        file.write_text(file.read_text()[:-2])
        collectd.start()
        said(collectd, "b")
        after = read(collectd, before.position, wait=SOON)
        assert (after.stream != before.stream, [row.message for row in after.rows]) == (True, ["b"])
        assert "cannot be read" in collectd.log_text


def test_what_cannot_be_handed_on_is_said() -> None:
    with ScratchCollectd() as collectd:
        said(collectd, "a", "b")
        pid = collectd.pid
        (collectd.directory / f"{Path(collectd.socket).name}.notifications.{pid}").mkdir()
        assert collectd.stop() == 0
        assert "2 notifications that nobody has taken are lost" in collectd.log_text
