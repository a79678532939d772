# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the agent, of the old or the new collectd at random moments of a replacement: then there is one collectd.

It runs the old or the new spec whole, and the agent knows which.

``CM_LONG=1`` kills a hundred times; that form (by hand) is the one that counts.
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

from collectd_mgr import exception
from collectd_mgr.domain.operations import APPLIED, FAILED
from collectd_mgr.domain.spec import HostSpec
from collectd_mgr.drivers.process import Process, running
from tests.agent.agent_host import AgentHost
from tests.agent.test_killed_at_random import KILLED, Walk, last, settled, undisturbed, until_effective, wanted
from tests.collectd.containers import options
from tests.services.rabbitmq import RabbitMQ

LONG = bool(os.environ.get("CM_LONG"))
ROUNDS = 100 if LONG else 10
VICTIMS = ("agent", "old", "new")

#: Seconds, as the agent promises; the other form has patience with a machine that has other things to do.
SOON = 10.0 if LONG else 120.0


@pytest.fixture(params=["child", "podman"])
def host(rabbitmq: RabbitMQ, request: pytest.FixtureRequest) -> Iterator[AgentHost]:
    collectd = options() if request.param == "podman" else {}
    with AgentHost(
        rabbitmq.url, config="Interval 0.5", daemon=request.param, collectd=collectd, drivers="live,replace,restart"
    ) as host:
        host.start()
        yield host


def daemons(host: AgentHost) -> list[Process]:
    found = running(host.settings.binary, ("-C", host.settings.config_file))
    return [*found, *host.daemon.launched().values()]


def kill(host: AgentHost, victim: str, old: int | None, over: threading.Event) -> None:
    """Of a new one that is not there yet, when it is."""
    if victim == "agent":
        host.kill()
        return
    while not over.is_set():
        for found in daemons(host):
            if (found.pid == old) == (victim == "old"):
                found.signal(signal.SIGKILL)
                return
        time.sleep(0.002)


def interrupted(host: AgentHost, spec: HostSpec, victim: str, after: float) -> None:
    over, old = threading.Event(), host.pid
    timer = threading.Timer(after, kill, (host, victim, old, over))
    timer.start()
    with contextlib.suppress(exception.AgentUnreachable):
        host.apply(spec, timeout=after + 5)
    over.set()
    timer.join()


@pytest.mark.timeout(4 * 3600)
def test_there_is_one_collectd_that_runs_one_of_the_specs(host: AgentHost) -> None:
    walk = Walk(True, random.Random(5))
    applied = [walk.next(), walk.next()]
    moments = [undisturbed(host, spec) for spec in applied][-1]
    assert host.status().daemon["replaced"]
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for number in range(ROUNDS):
        spec, victim = walk.next(), VICTIMS[number % len(VICTIMS)]
        interrupted(host, spec, victim, walk.dice.uniform(0.0, moments))
        if host.ended():
            host.start()
        began = time.monotonic()
        host.until(lambda: len(daemons(host)) == 1, SOON)
        slowest = max(slowest, time.monotonic() - began)
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
    print(dict(outcomes), f"by kills within {moments:.2f} s; one collectd again after {slowest:.2f} s at most")
