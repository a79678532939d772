# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the agent, of the old or the new collectd at random moments of a replacement: then there is one collectd.

It runs the old or the new spec whole, and the agent knows which. How long that takes is told, not asserted.

``CM_LONG=1`` kills a hundred times; that form (by hand) is the one that counts. The other one kills each of the three
once where they are containers, which are slow to start.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from collectd_mgr.agent.desired import NOTHING
from collectd_mgr.domain import canonical
from collectd_mgr.domain.operations import APPLIED, FAILED
from collectd_mgr.domain.spec import HostSpec
from collectd_mgr.drivers import instance, observation
from collectd_mgr.drivers.launcher import mark
from collectd_mgr.drivers.process import Process, marked
from collectd_mgr.wire.client import WireClient
from tests.agent.agent_host import ROOT, AgentHost
from tests.agent.test_killed_at_random import (
    KILLED,
    UNSETTLED,
    Walk,
    last,
    settled,
    undisturbed,
    until_effective,
    wanted,
)
from tests.collectd.containers import options
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import eventually

LONG = bool(os.environ.get("CM_LONG"))
ROUNDS = {"child": 100, "podman": 100} if LONG else {"child": 10, "podman": 3}
VICTIMS = ("agent", "old", "new")

#: Other work that delays a read by two tenths of a second is not to make the cache forget.
CONFIG = "Interval 0.1\nTimeout 50"


@pytest.fixture(params=["child", "podman"])
def host(rabbitmq: RabbitMQ, request: pytest.FixtureRequest) -> Iterator[AgentHost]:
    collectd = options() if request.param == "podman" else {}
    with AgentHost(
        rabbitmq.url, config=CONFIG, daemon=request.param, collectd=collectd, drivers="live,replace,restart"
    ) as host:
        host.start()
        yield host


def daemons(host: AgentHost) -> list[Process]:
    """Every collectd of this host, in a container too."""
    return marked(("-f", "-C"), mark(host.settings))


class Kill(threading.Thread):
    """One of ``victim``, so many seconds after this began; of a new one that is not there yet, when it is.

    An agent is started again at once, as systemd does it.

    :param specs: of which one is to run afterwards, whole
    """

    def __init__(self, host: AgentHost, victim: str, after: float, specs: Sequence[HostSpec]) -> None:
        super().__init__()
        self._host, self._victim, self._after = host, victim, after
        self._specs = [digests(spec) for spec in specs]
        self._old = host.pid
        #: The change has its end: who was not there by then does not come any more.
        self.over = threading.Event()
        #: When that was, or, of an agent, when the next one was started, with its imports; None: there was nobody.
        self.killed: float | None = None
        #: From then until one collectd ran one of the specs, in seconds.
        self.took: float | None = None

    def run(self) -> None:
        time.sleep(self._after)
        self.killed = self._kill()
        if self.killed is not None:
            eventually(self._there_is_one)
            self.took = time.monotonic() - self.killed

    def _kill(self) -> float | None:
        if self._victim == "agent":
            self._host.kill()
            self._host.start(wait=False)
            return time.monotonic()
        while not self.over.is_set():
            for found in daemons(self._host):
                if (found.pid == self._old) == (self._victim == "old"):
                    found.signal(signal.SIGKILL)
                    return time.monotonic()
            time.sleep(0.002)
        return None

    def _there_is_one(self) -> bool:
        """One process, which is found where the agent asks for it, and runs one of the specs, nothing more or less."""
        found = daemons(self._host)
        if len(found) != 1:
            return False
        wire = WireClient(self._host.settings.socket)
        try:
            running = observation.running(wire.call("status"))
        except observation.SILENCE:
            return False
        finally:
            wire.close()
        on = {name: item.config_digest for name, item in running.plugins.items() if item.enabled and item.config_digest}
        return running.pid == found[0].pid and on in self._specs and self._is_last(found[0])

    def _is_last(self, process: Process) -> bool:
        """Whether none that an agent was killed over may yet come up: the next one removes what it would start with."""
        begun = {str(path) for path in instance.directory(self._host.settings).glob("*.conf")}
        return self._victim != "agent" or begun <= arguments(process)


def arguments(process: Process) -> set[str]:
    try:
        return set(Path(f"/proc/{process.pid}/cmdline").read_text().split("\0"))
    except OSError:
        return set()


def digests(spec: HostSpec) -> dict[str, str | None]:
    """Those of the configurations of its plugins."""
    return {name: canonical.digest(config) for name, config in wanted(spec).items()} if spec.layers else {}


def interrupted(host: AgentHost, spec: HostSpec, kill: Kill, patience: float) -> float | None:
    """See :attr:`Kill.took`."""
    kill.start()
    with contextlib.suppress(*UNSETTLED):
        host.apply(spec, timeout=patience)
    kill.over.set()
    kill.join()
    assert (kill.took is None) == (kill.killed is None)
    return kill.took


def not_outlived(host: AgentHost, applied: list[HostSpec]) -> list[HostSpec]:
    """The last spec that a daemon has outlived, and those since: a death of what is the daemon already goes back to one
    of them.
    """
    good = host.memory().good
    return applied[applied.index(good) :] if good in applied else [NOTHING, *applied]


def told(seconds: list[float]) -> str:
    figures = (min(seconds), statistics.mean(seconds), max(seconds)) if seconds else ()
    found = " / ".join(f"{each:.2f}" for each in figures)
    return f"{len(seconds)} killed; seconds until there was one collectd: {found} (min / mean / max)"


def imports() -> float:
    """Seconds for a Python with all that an agent imports, which those that are started here have beforehand."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import tests.agent.agent_process"], cwd=ROOT, check=True)
    return time.monotonic() - began


@pytest.mark.timeout(4 * 3600)
def test_there_is_one_collectd_that_runs_one_of_the_specs(host: AgentHost) -> None:
    walk = Walk(True, random.Random(5), interval=None)
    applied, moments = [walk.next()], 0.0
    undisturbed(host, applied[0])
    while not host.status().daemon["replaced"]:  # This machine may be too slow now and then.
        applied.append(walk.next())
        moments = undisturbed(host, applied[-1])
        assert len(applied) < 10, host.status().warnings
    outcomes: Counter[str] = Counter()
    took: dict[str, list[float]] = {victim: [] for victim in VICTIMS}
    for number in range(ROUNDS[host.settings.daemon]):
        spec, victim = walk.next(), VICTIMS[number % len(VICTIMS)]
        after = walk.dice.uniform(0.0, moments)
        # No agent answers for one that was killed.
        patience = after + (1 if victim == "agent" else 5)
        seconds = interrupted(host, spec, Kill(host, victim, after, (*not_outlived(host, applied), spec)), patience)
        took[victim] += [] if seconds is None else [seconds]
        status = settled(host, spec)
        if status.outcome == APPLIED:
            applied.append(spec)
        else:
            assert (status.outcome, victim != "agent") == (FAILED, True), status.error
            assert status.error is not None
            assert status.error["code"] in KILLED, status.error
        until_effective(host, {} if (runs := last(host, applied)) is None else wanted(runs))
        (only,) = daemons(host)
        assert only.pid == host.status().daemon["pid"]
        walk.clears += host.status().quarantine is not None
        daemon = host.status().daemon
        how = "replaced" if daemon["replaced"] else "restarted" if daemon["restarted"] else "found"
        outcomes[f"{victim}: {status.outcome}, {how}"] += 1
    print(dict(outcomes), f"by kills within {moments:.2f} s; {imports():.1f} s for the imports of an agent")
    for victim, figures in took.items():
        print(victim, told(figures))
