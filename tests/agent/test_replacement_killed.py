# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the agent, of the old or the new collectd at random moments of a replacement: then there is one collectd.

It runs the old or the new spec whole, and the agent knows which.

``CM_LONG=1`` kills a hundred times; that form (by hand) is the one that counts. The other one kills each of the three
once where they are containers, which are slow to start.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from collectd_mgr.domain.operations import APPLIED, FAILED
from collectd_mgr.domain.spec import HostSpec
from collectd_mgr.drivers.process import Process
from collectd_mgr.wire.client import WireClient
from tests.agent.agent_host import AgentHost
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

LONG = bool(os.environ.get("CM_LONG"))
ROUNDS = {"child": 100, "podman": 100} if LONG else {"child": 10, "podman": 3}
VICTIMS = ("agent", "old", "new")

#: Seconds from a kill, as the agent promises; the other form has patience with a machine that has other things to do.
SOON = 10.0 if LONG else 120.0

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
    launcher = host.daemon.launcher
    assert launcher is not None
    first = launcher.running(host.daemon.programs(), host.settings.config_file)
    return [*first, *host.daemon.launched().values()]


class Kill(threading.Thread):
    """One of ``victim``, so many seconds after this began; of a new one that is not there yet, when it is.

    An agent is started again at once, as systemd does it.
    """

    def __init__(self, host: AgentHost, victim: str, after: float) -> None:
        super().__init__()
        self._host, self._victim, self._after = host, victim, after
        self._old = host.pid
        #: The change has its end: who was not there by then does not come any more.
        self.over = threading.Event()
        #: When that was; None: there was nobody to kill.
        self.killed: float | None = None
        #: From then until there was one collectd, in seconds.
        self.took: float | None = None

    def run(self) -> None:
        time.sleep(self._after)
        self.killed = self._kill()
        if self.killed is not None:
            if self._victim == "agent":
                self._host.start()
            self._host.until(lambda: there_is_one(self._host), SOON)
            self.took = time.monotonic() - self.killed

    def _kill(self) -> float | None:
        if self._victim == "agent":
            self._host.kill()
            return time.monotonic()
        while not self.over.is_set():
            for found in daemons(self._host):
                if (found.pid == self._old) == (self._victim == "old"):
                    found.signal(signal.SIGKILL)
                    return time.monotonic()
            time.sleep(0.002)
        return None


def there_is_one(host: AgentHost) -> bool:
    """One process of collectd, and it is found where the agent asks for it."""
    found = daemons(host)
    return len(found) == 1 and WireClient(host.settings.socket).listener() == found[0].pid


def interrupted(host: AgentHost, spec: HostSpec, victim: str, after: float) -> float:
    """Seconds from the kill until there was one collectd; 0 where there was nobody to kill."""
    kill = Kill(host, victim, after)
    kill.start()
    with contextlib.suppress(*UNSETTLED):
        host.apply(spec, timeout=after + 5)
    kill.over.set()
    kill.join()
    assert (kill.took is None) == (kill.killed is None)
    return kill.took or 0.0


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
    slowest = dict.fromkeys(VICTIMS, 0.0)
    for number in range(ROUNDS[host.settings.daemon]):
        spec, victim = walk.next(), VICTIMS[number % len(VICTIMS)]
        took = interrupted(host, spec, victim, walk.dice.uniform(0.0, moments))
        slowest[victim] = max(slowest[victim], took)
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
    print(dict(outcomes), f"by kills within {moments:.2f} s; seconds to one collectd at most: {slowest}")
