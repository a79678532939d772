# SPDX-License-Identifier: Apache-2.0
"""Plugins that are tried in a collectd of their own, beside one that runs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers import namespace
from collectd_mgr.drivers.process import with_config_below
from collectd_mgr.drivers.trial import Result, Trial, Trials, check_testable
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.suite.rigs import settings_in
from tests.collectd import unixsock
from tests.waiting import PATIENCE, eventually

HOST = "cn1.example.org"


@pytest.fixture
def trials(tmp_path: Path) -> Trials:
    return Trials(settings_in(tmp_path))


def tried(
    trials: Trials, plugin: str, config: Any = None, types: tuple[str, ...] = (), patience: float = PATIENCE
) -> Result:
    return trials.run(Trial(plugin, PluginGoal(True, 10.0, config), HOST, types), patience)


def test_values_and_rates(trials: Trials) -> None:
    result = tried(trials, "cpu")
    row = next(row for row in result.rows if row["id"].endswith("cpu-user"))
    (value,) = row["values"]
    assert row["id"] == f"{HOST}/cpu-0/cpu-user"
    assert (value["name"], value["type"], row["interval"]) == ("value", "derive", 10.0)
    assert isinstance(value["value"], int)
    assert value["rate"] >= 0
    assert len(result.rows) == 8 * (os.cpu_count() or 1)


def test_more_than_one_data_source(trials: Trials) -> None:
    result = tried(trials, "load")
    (row,) = result.rows
    assert result.isolation == namespace.NAMESPACE
    assert [value["name"] for value in row["values"]] == ["shortterm", "midterm", "longterm"]
    assert all(value["rate"] == value["value"] for value in row["values"])


def test_the_configuration_counts(trials: Trials) -> None:
    ids = {row["id"] for row in tried(trials, "df", {"MountPoint": "/", "ValuesPercentage": True}).rows}
    assert f"{HOST}/df-root/percent_bytes-used" in ids
    assert all("/df-root/" in each for each in ids)


def test_what_collectd_does_not_take_is_said_in_its_own_words(trials: Trials) -> None:
    with pytest.raises(exception.ConfigRejected, match="NoSuchOption"):
        tried(trials, "cpu", {"NoSuchOption": 1})


def test_a_configuration_that_was_forgotten_is_missed(trials: Trials) -> None:
    with pytest.raises(exception.ConfigRejected, match="apache reads what its configuration names, and it has none"):
        tried(trials, "apache")


def test_one_that_takes_too_much_memory_is_ended(trials: Trials, tmp_path: Path) -> None:
    with pytest.raises(exception.ConfigRejected, match="more than 256 MiB of memory"):
        tried(trials, "df", {"MountPoint": "/((a{1,80}){1,80}){1,80}/"})
    assert list((tmp_path / "state" / "trials").iterdir()) == []


def test_one_that_is_not_up_in_time_says_nothing_of_the_configuration(tmp_path: Path) -> None:
    """As if the machine had too much to do."""
    slow = tmp_path / "collectd"
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o755)
    with pytest.raises(exception.Busy, match="did not come up in the time"):
        tried(Trials(replace(settings_in(tmp_path), binary=str(slow))), "cpu", patience=0.1)


def test_a_read_that_fails_is_a_warning(trials: Trials) -> None:
    result = tried(trials, "table", {"Table": {"args": "/nowhere", "Separator": " ", "Result": _RESULT}}, patience=10.0)
    assert result.rows == ()
    assert any("nowhere" in line for line in result.warnings)


_RESULT = {"Type": "gauge", "ValuesFrom": 0}


def test_types_of_the_operators_own(trials: Trials, tmp_path: Path) -> None:
    """With a TypesDB of the operator's, collectd does not read its own."""
    types = tmp_path / "types.db"
    types.write_text("load one:GAUGE:0:100, five:GAUGE:0:100, fifteen:GAUGE:0:100\n")
    (row,) = tried(trials, "load", types=(str(types),)).rows
    assert [value["name"] for value in row["values"]] == ["one", "five", "fifteen"]


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [("ipmi", "exclusive"), ("snmp_agent", "exclusive"), ("csv", "no_read"), ("python", "no_read")],
)
def test_what_must_not_run_beside_the_daemon(trials: Trials, tmp_path: Path, plugin: str, reason: str) -> None:
    with pytest.raises(exception.NotTestable) as refused:
        tried(trials, plugin)
    assert refused.value.kwargs == {"plugin": plugin, "reason_code": reason}
    assert not (tmp_path / "state").exists() or not any((tmp_path / "state").iterdir())


def test_one_that_is_not_there(trials: Trials) -> None:
    with pytest.raises(exception.PluginNotLoadable, match="it is not installed"):
        tried(trials, "nosuchplugin")


def test_one_that_nobody_knows_is_kept_out() -> None:
    with pytest.raises(exception.NotTestable, match="Nobody has proved that it is safe") as refused:
        check_testable("nosuchplugin")
    assert refused.value.kwargs["reason_code"] == "grammar_only"


class TestBesideTheDaemon:
    @pytest.fixture
    def running(self) -> Iterator[ScratchCollectd]:
        socket = "<Plugin unixsock>\n  SocketFile {!r}\n  DeleteSocket true\n</Plugin>"
        collectd = ScratchCollectd(["unixsock", "cpu"], interval=0.5, entry="")
        path = str(collectd.directory / "unixsock")
        collectd.conf.write_text(collectd.conf.read_text() + socket.format(path).replace("'", '"') + "\n")
        with collectd:
            unixsock.wait(collectd)
            yield collectd

    def test_nothing_of_it_is_touched(self, running: ScratchCollectd, trials: Trials, tmp_path: Path) -> None:
        before = self.state(running)
        log, csv = running.log_text, self.lines(running)
        tried(trials, "memory")
        tried(trials, "df")
        assert self.state(running) == before
        assert running.running
        assert str(tmp_path) not in running.log_text.removeprefix(log)
        assert not list(running.csv.glob("*/memory*"))
        self.wait_for_more(running, csv)
        assert list((tmp_path / "state" / "trials").iterdir()) == []

    @staticmethod
    def state(running: ScratchCollectd) -> tuple[Any, ...]:
        socket, pid = running.directory / "unixsock", running.directory / "pid"
        return running.pid, socket.stat().st_ino, pid.exists() and pid.read_text()

    @staticmethod
    def lines(running: ScratchCollectd) -> int:
        return sum(file.read_bytes().count(b"\n") for file in running.csv.glob("*/cpu*/*"))

    def wait_for_more(self, running: ScratchCollectd, than: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while self.lines(running) <= than:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_one_at_a_time(trials: Trials) -> None:
    assert trials._lock.acquire()
    with pytest.raises(exception.Busy):
        trials.run(Trial("cpu", PluginGoal(True), HOST), 0.1)
    trials._lock.release()


#: A trial that gives no value, and so takes all the time it has.
_ENDLESS = """
import sys
from pathlib import Path
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.trial import Trial, Trials
from collectd_mgr.testing.suite.rigs import settings_in
config = {"Table": {"args": "/nowhere", "Separator": " ", "Result": {"Type": "gauge", "ValuesFrom": 0}}}
Trials(settings_in(Path(sys.argv[1]))).run(Trial("table", PluginGoal(True, 10.0, config), "h"), 3600.0)
"""


def test_what_a_killed_agent_was_at_ends_with_the_next(trials: Trials, tmp_path: Path) -> None:
    place = tmp_path / "state" / "trials"
    with subprocess.Popen([sys.executable, "-c", _ENDLESS, str(tmp_path)]) as agent:
        # One that is about to become collectd has no command line for a moment.
        eventually(lambda: any(each.program.endswith("/collectd") for each in with_config_below(place)))
        agent.kill()
    assert with_config_below(place), "nobody ends it"
    trials.clear()
    eventually(lambda: not with_config_below(place))
    assert not place.exists()
    assert tried(trials, "load").rows
