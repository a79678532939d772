# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the agent, of collectd, or of both, at random moments of a change: effective equals desired again.

``CM_LONG=1`` kills fifty times each; that form (by hand) is the one that counts.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.operations import APPLIED, APPLYING, FAILED
from collectd_mgr.domain.spec import HOST, Counters, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.drivers import process
from tests.agent.agent_host import AgentHost
from tests.services.rabbitmq import RabbitMQ

ROUNDS = 50 if os.environ.get("CM_LONG") else 2
PLUGINS = ("memory", "swap", "uptime", "users")
#: What a change may fail with because of a collectd that was killed.
KILLED = ("daemon_died", "daemon_not_started", "daemon_unreachable", "request_timeout")
#: What says that it is to be sent again: nobody is there, or the death of the collectd of before is seen to first.
UNSETTLED = (exception.AgentUnreachable, exception.RequestTimeout)


@dataclass
class Walk:
    """From generation to generation, each of them new to the host.

    :param restarts: whether each of them needs a new daemon
    :param interval: in seconds; None: collectd's own
    """

    restarts: bool
    dice: random.Random
    n: int = 0
    clears: int = 0
    interval: float | None = 1.0

    def next(self) -> HostSpec:
        self.n += 1
        plugins = {
            name: PluginSetting(True, self.interval) for name in self.dice.sample(PLUGINS, self.dice.randint(1, 4))
        }
        if self.restarts:
            # Not the one of before either, which runs where the last one has failed.
            others = {"MountPoint": f"/generation/{self.n}", "IgnoreSelected": True}
            plugins["df"] = PluginSetting(True, self.interval, others)
        return HostSpec(Generation("e", self.n), (Layer(HOST, plugins, Counters(quarantine_clears=self.clears)),))


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url) as host:
        host.start()
        yield host


def kill_agent(host: AgentHost) -> None:
    host.kill()


def kill_collectd(host: AgentHost) -> None:
    """Whichever there is: a restart ends one and starts another."""
    for found in list(daemons(host)):
        found.signal(signal.SIGKILL)


def kill_both(host: AgentHost) -> None:
    kill_agent(host)
    kill_collectd(host)


def daemons(host: AgentHost) -> Iterator[process.Process]:
    return process.running(host.settings.binary, ("-C", host.settings.config_file))


def wanted(spec: HostSpec) -> dict[str, object]:
    """What is to run, by plugin."""
    return {name: setting.config for name, setting in spec.layers[0].plugins.items()}


def effective(status: HostStatus) -> dict[str, object]:
    """What runs of that."""
    ours = {name: plugin for name, plugin in status.plugins.items() if plugin.origin == "managed" and plugin.enabled}
    return {name: plugin.config for name, plugin in ours.items()}


def settled(host: AgentHost, spec: HostSpec) -> HostStatus:
    """What became of it; a conductor sends it again too, until that is known."""

    def known() -> bool:
        with contextlib.suppress(exception.RequestTimeout):  # It is at work on it yet.
            return host.apply(spec).outcome != APPLYING
        return False

    host.until(known)
    return host.status()


def interrupted(host: AgentHost, spec: HostSpec, kill: Callable[[AgentHost], None], after: float) -> None:
    timer = threading.Timer(after, kill, (host,))
    timer.start()
    with contextlib.suppress(*UNSETTLED):
        host.apply(spec, timeout=after + 1)
    timer.join()
    if host.ended():
        host.start()


def undisturbed(host: AgentHost, spec: HostSpec) -> float:
    """The seconds that it takes, here and now."""
    began = time.monotonic()
    assert host.apply(spec).outcome == APPLIED
    return time.monotonic() - began


def last(host: AgentHost, applied: list[HostSpec]) -> HostSpec | None:
    """What is to run by the agent's own account: one that was applied, if not the last one then the last good one."""
    current = host.memory().current
    assert current is None or current in applied
    return current


def until_effective(host: AgentHost, expected: dict[str, object]) -> None:
    host.until(lambda: effective(host.status()) == expected)


@pytest.mark.timeout(4 * 3600)
@pytest.mark.parametrize("restarts", [False, True], ids=["live", "restart"])
@pytest.mark.parametrize("kill", [kill_agent, kill_collectd, kill_both])
def test_effective_equals_desired(host: AgentHost, kill: Callable[[AgentHost], None], restarts: bool) -> None:
    walk = Walk(restarts, random.Random(1))
    applied = [walk.next(), walk.next()]
    moments = [undisturbed(host, spec) for spec in applied][-1]
    outcomes: Counter[str] = Counter()
    for _ in range(ROUNDS):
        spec = walk.next()
        interrupted(host, spec, kill, walk.dice.uniform(0.0, moments))
        status = settled(host, spec)
        assert status.generation == spec.generation
        if status.outcome == APPLIED:
            assert status.error is None
            applied.append(spec)
            assert last(host, applied) == spec
        else:
            assert (status.outcome, kill is kill_agent) == (FAILED, False), status.error
            assert status.error is not None
            assert status.error["code"] in KILLED, status.error
        until_effective(host, {} if (runs := last(host, applied)) is None else wanted(runs))
        assert [found.pid for found in daemons(host)] == [host.status().daemon["pid"]]
        walk.clears += host.status().quarantine is not None
        outcomes[APPLIED if status.error is None else str(status.error["code"])] += 1
    print(dict(outcomes), f"by kills within {moments:.2f} s")
