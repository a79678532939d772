# SPDX-License-Identifier: Apache-2.0
"""How the parting of two collectds is ended, with something in the place of each that answers as it does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import output
from collectd_mgr.drivers.parting import Parting
from collectd_mgr.wire.client import WireClient
from collectd_mgr.wire.hello import hello
from collectd_mgr.wire.server import Method, WireServer

#: No process has them: the largest pid is 2^22.
OLD, NEW = 1 << 23, (1 << 23) + 1

ANEW = "what thresholds had found may begin anew"


class Instances:
    """The two, as far as they answer. Both know their moments, which are over."""

    def __init__(self, directory: Path, exits: ExitStack) -> None:
        self._directory, self._exits = directory, exits

    def parting(self) -> Parting:
        old, new = (WireClient(self._socket(pid)) for pid in (OLD, NEW))
        for client in (old, new):
            self._exits.callback(client.close)
        return Parting(old, OLD, new, NEW)

    def answer(self, pid: int, mode: str, **answers: Any) -> None:
        """By one of the two; an answer that is an exception is raised."""
        said = {"status": {"output": {"mode": mode, "until": 0.0, "over": False}}, **answers}
        table = {name: Method(lambda _params, _id, name=name: _given(said[name])) for name in said}
        server = WireServer(self._socket(pid), table, hello(pid=pid))
        server.start()
        self._exits.callback(server.stop, 1.0)

    def _socket(self, pid: int) -> str:
        return str(self._directory / str(pid))


def _given(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


@pytest.fixture
def instances() -> Iterator[Instances]:
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as name, ExitStack() as exits:
        yield Instances(Path(name), exits)


def test_of_an_old_one_that_is_silent_nothing_is_known(instances: Instances) -> None:
    instances.answer(NEW, output.SINCE)
    (said,) = instances.parting().resume() or ()
    assert said.startswith("It did not answer. Of what it was to write")
    assert ANEW in said


def test_nor_is_it_of_one_that_does_not_finish(instances: Instances) -> None:
    instances.answer(NEW, output.SINCE)
    instances.answer(OLD, output.UNTIL, output_drain=exception.Busy("A writer hangs."))
    (said,) = instances.parting().resume() or ()
    assert said.startswith("Of what it was to write")
    assert said.endswith(f"{ANEW}: A writer hangs.")
