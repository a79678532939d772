# SPDX-License-Identifier: Apache-2.0
"""How the parting of two collectds is ended, with something in the place of each that answers as it does."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import output, reads
from collectd_mgr.domain.columns import Packed
from collectd_mgr.drivers import instance
from collectd_mgr.drivers.collectd import Collectd
from collectd_mgr.drivers.ending import killed
from collectd_mgr.drivers.parting import Parting
from collectd_mgr.drivers.process import Process, look
from collectd_mgr.drivers.succession import Succession
from collectd_mgr.testing.suite.rigs import settings_in
from collectd_mgr.wire.client import WireClient
from collectd_mgr.wire.hello import hello
from collectd_mgr.wire.server import Method, WireServer

#: No process has them: the largest pid is 2^22.
OLD, NEW = 1 << 23, (1 << 23) + 1

ANEW = "what thresholds had found may begin anew"


#: What either answers on the way; no metric was read yet.
DONE: dict[str, Any] = {
    **dict.fromkeys(("output_set", "output_drain", "output_open", "missing_tell", "drain"), None),
    "metrics_list": Packed(b"", b"", b"", b"").to_dict(),
    "reads": {},
    "flush": [],
    "states_get": {"states": {}},
    "states_set": {"lost": []},
}

#: Says that it is there, and ends with its input only.
STUBBORN = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); sys.stdin.read()"


class Instances:
    """The two, as far as they answer. Both know their moments, which are over."""

    def __init__(self, directory: Path, exits: ExitStack) -> None:
        self.settings = replace(settings_in(directory), stop_timeout=0.1)
        self._exits = exits

    def parting(self) -> Parting:
        old, new = (WireClient(self._socket(pid)) for pid in (OLD, NEW))
        for client in (old, new):
            self._exits.callback(client.close)
        return Parting(old, OLD, new, NEW)

    def succession(self, old: Process) -> Succession:
        """Of which the new one was started."""
        collectd = Ready(self.settings)
        found = Succession(self.settings, collectd, old)
        self._exits.callback(found.close)
        self._exits.callback(collectd.wire.close)
        found._new, found._file = Process(NEW, 0), f"{self.settings.socket}.conf"
        Path(f"{self.settings.socket}.late").touch()
        return found

    def answer(self, pid: int, mode: str, **answers: Any) -> None:
        """By one of the two; an answer that is an exception is raised."""
        status = {"output": {"mode": mode, "until": 0.0, "over": False}, "plugins": {}}
        table = {name: Method(partial(_given, said)) for name, said in {**DONE, "status": status, **answers}.items()}
        server = WireServer(self._socket(pid), table, hello(pid=pid))
        server.start()
        self._exits.callback(server.stop, 1.0)

    def _socket(self, pid: int) -> str:
        return self.settings.socket if pid == OLD else instance.socket(self.settings)


def _given(answer: Any, params: dict[str, Any], _request_id: str) -> Any:
    if callable(answer):
        return answer(params)
    if isinstance(answer, Exception):
        raise answer
    return answer


class Ready(Collectd):
    """Whoever is started is ready at once."""

    def await_ready(self, process: Process, wire: WireClient | None = None, beside: Process | None = None) -> None:
        return


@pytest.fixture
def instances() -> Iterator[Instances]:
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as name, ExitStack() as exits:
        yield Instances(Path(name), exits)


@pytest.fixture
def stubborn() -> Iterator[Process]:
    """A process that does not end when it is asked."""
    command = [sys.executable, "-c", STUBBORN]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        found = look(process.pid)
        assert found is not None
        yield found


def test_what_could_not_be_flushed_is_told(instances: Instances) -> None:
    row = {"plugin": "write_http", "callback": "write_http/a", "outcome": reads.FAILED, "detail": "It returned -1."}
    instances.answer(OLD, output.UNTIL, flush=[row, {**row, "outcome": reads.FLUSHED}])
    instances.answer(NEW, output.SINCE)
    (said,) = instances.parting().finish(0.0)
    assert said.startswith("write_http/a could not flush, ")
    assert said.endswith("may be missing: It returned -1.")


@pytest.mark.parametrize("error", [exception.Busy, exception.RequestTimeout])
def test_a_flush_that_takes_long_is_not_waited_for(
    instances: Instances, error: type[exception.CollectdMgrError]
) -> None:
    instances.answer(OLD, output.UNTIL, flush=error())
    instances.answer(NEW, output.SINCE)
    assert instances.parting().finish(0.0) == ()


def test_a_new_one_of_an_earlier_release_is_not_told_whose_alarms_are_whose(instances: Instances) -> None:
    instances.answer(OLD, output.UNTIL)
    instances.answer(NEW, output.SINCE, missing_tell=exception.BadRequest("said: not a parameter of this request"))
    instances.parting().part_alarms()


def test_an_old_one_that_has_to_be_killed_may_not_have_sent_all(instances: Instances, stubborn: Process) -> None:
    for pid in (OLD, NEW):
        instances.answer(pid, output.PASS)
    assert instances.succession(stubborn).hand_over() == (killed("The old collectd"),)
    assert not stubborn.alive()


def test_of_an_old_one_that_is_silent_nothing_is_known(instances: Instances) -> None:
    instances.answer(NEW, output.SINCE)
    (said,) = instances.parting().resume() or ()
    assert said.startswith("It did not answer. Of what it was to write")
    assert ANEW in said


def test_the_next_agent_parts_their_alarms_where_both_answer(instances: Instances) -> None:
    told: list[dict[str, Any]] = []
    instances.answer(OLD, output.UNTIL)
    instances.answer(NEW, output.SINCE, missing_tell=told.append)
    assert instances.parting().resume() == ()
    assert told == [{"names": [], "said": [], "owed": {}}]


def test_no_alarm_is_owed_of_a_metric_whose_interval_is_not_known(instances: Instances) -> None:
    told: list[dict[str, Any]] = []
    second = 1 << 30
    had = Packed(b"h/p/a\0h/p/b\0", array("Q", [second] * 2).tobytes(), array("Q", [second, 0]).tobytes(), b"\0\0")
    instances.answer(OLD, output.UNTIL, metrics_list=had.to_dict())
    instances.answer(NEW, output.SINCE, missing_tell=told.append)
    instances.parting().part_alarms(misses=lambda name: True)
    assert told == [{"names": ["h/p/a", "h/p/b"], "said": [], "owed": {"h/p/a": [1.0, 1.0]}}]


def test_nor_is_it_of_one_that_does_not_finish(instances: Instances) -> None:
    instances.answer(NEW, output.SINCE)
    instances.answer(OLD, output.UNTIL, output_drain=exception.Busy("A writer hangs."))
    (said,) = instances.parting().resume() or ()
    assert said.startswith("Of what it was to write")
    assert said.endswith(f"{ANEW}: A writer hangs.")


class Slow:
    """Takes some time over what it is told, and finds that too late, so many times."""

    def __init__(self, times: int) -> None:
        self._left = times
        self.firsts: list[float] = []
        self.ends: list[float] = []

    def __call__(self, asked: dict[str, Any]) -> None:
        if asked["mode"] != output.SINCE:
            return
        self.firsts.append(asked["otherwise"])
        if self._left:
            self._left -= 1
            time.sleep(0.5)
            self.ends.append(time.time())
            raise exception.Busy("It is over.")


def test_where_it_took_too_long_to_tell_both_there_is_the_double_of_that_for_the_next_time(
    instances: Instances,
) -> None:
    slow = Slow(2)
    instances.answer(OLD, output.PASS)
    instances.answer(NEW, output.HOLD, output_set=slow)
    assert instances.parting().part() == slow.firsts[-1]
    assert [first - end >= 1.0 for first, end in zip(slow.firsts[1:], slow.ends, strict=True)] == [True, True]
