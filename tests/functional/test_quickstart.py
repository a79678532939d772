# SPDX-License-Identifier: Apache-2.0
"""tools/quickstart, as a newcomer runs it: twice, and --stop; beside a collectd that the machine runs already."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collectd_mgr.drivers import process
from collectd_mgr.testing.collectd import BINARY, ScratchCollectd
from tests.services.place import free_port

SCRIPT = Path(__file__).parents[2] / "tools" / "quickstart"


class Quickstart:
    def __init__(self, state: Path) -> None:
        self.state = state
        self.port = free_port()

    def run(self, *arguments: str) -> str:
        """What it prints; it succeeds."""
        done = self.try_(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run_on(self, name: str) -> str:
        """As :meth:`run`, on a machine that has this name by now."""
        renamed = ["unshare", "--uts", "sh", "-euc", 'hostname "$0" && exec "$@"', name]
        done = self.try_(under=renamed)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def try_(self, *arguments: str, under: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        # A wide terminal: no table is folded. A proxy that does not know of this machine is not asked.
        environment = {**os.environ, "COLUMNS": "200", "http_proxy": "http://127.0.0.1:1"}
        command = [*under, str(SCRIPT), "--state", str(self.state), "--port", str(self.port), *arguments]
        return subprocess.run(command, check=False, env=environment, capture_output=True, text=True)

    def collectds(self) -> list[int]:
        """Its own, by pid."""
        return [found.pid for found in process.running(BINARY, ("-C", str(self.state / "collectd.conf")))]

    def listens(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0


@pytest.fixture
def quickstart(tmp_path: Path) -> Iterator[Quickstart]:
    quickstart = Quickstart(tmp_path / "state")
    yield quickstart
    quickstart.run("--stop")


def check(output: str, pid: int) -> None:
    """It went through to the end: values came, and came again, of the same daemon."""
    assert f"PID before: {pid}   PID after: {pid}" in output
    enabled, first, second = output.split("$ openstack ")[1:]
    assert re.search(r"\| memory +\| succeeded +\| True ", enabled)
    assert re.search(r"memory/memory-free .* \| ", first)
    seen = [re.findall(r"memory/memory-free .*(\d{4}-\d\d-\d\dT[\d:.]+Z)", table) for table in (first, second)]
    assert seen[0] < seen[1], output
    assert "--stop" in second


def test_twice_and_stop_and_with_another_name(quickstart: Quickstart) -> None:
    with ScratchCollectd(["load"], entry="") as theirs:
        output = quickstart.run()
        (pid,) = quickstart.collectds()
        check(output, pid)

        again = quickstart.run("--port", str(free_port()))
        assert "It runs already" in again
        assert f"http://127.0.0.1:{quickstart.port}" in again
        check(again, pid)
        assert quickstart.collectds() == [pid]

        assert "is stopped" in quickstart.run("--stop")
        assert (quickstart.collectds(), quickstart.listens()) == ([], False)
        assert theirs.running

    renamed = quickstart.run_on("zz-renamed")
    (pid,) = quickstart.collectds()
    assert f"runs as PID {pid} on zz-renamed." in renamed
    check(renamed, pid)


def test_a_port_that_is_taken(quickstart: Quickstart) -> None:
    with socket.create_server(("127.0.0.1", quickstart.port)):
        done = quickstart.try_()
    assert done.returncode == 1
    assert "choose another port with --port" in done.stderr
    assert not quickstart.state.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--prot", "1"], "--prot is no option"),
        (["--port"], "--port wants a value"),
        (["--port", "0"], "0 is no port"),
        (["--port", "many"], "many is no port"),
        (["--state"], "--state wants a value"),
    ],
)
def test_what_is_no_option(arguments: list[str], said: str) -> None:
    done = subprocess.run([str(SCRIPT), *arguments], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
