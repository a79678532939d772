# SPDX-License-Identifier: Apache-2.0
"""200 notifications a second from a real collectd, and the bus goes away: none is lost, and they stay in order.

The short form runs every time; ``CM_LONG=1`` makes the outage a minute.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectd_mgr.rpc import notifications, transport
from collectd_mgr.rpc.notifications import Payload
from collectd_mgr.testing.collectd import compile_plugin
from tests.agent.agent_host import AgentHost
from tests.services.rabbitmq import RabbitMQ

OUTAGE = 60.0 if os.environ.get("CM_LONG") else 6.0
RATE = 200

SOURCE = Path(__file__).parents[1] / "collectd" / "plugins" / "alarm.c"
ALARM = f'<LoadPlugin "alarm">\n  Interval 0.1\n</LoadPlugin>\n<Plugin alarm>\n  Rate {RATE}\n</Plugin>'


@pytest.fixture
def host(rabbitmq: RabbitMQ, tmp_path: Path) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url, (compile_plugin(SOURCE, tmp_path),), ALARM) as host:
        yield host


class Heard:
    """What a conductor hears of one host: the numbers that the plugin gave, in the order in which they came."""

    def __init__(self, host: AgentHost) -> None:
        self._host = host
        self.numbers: list[int] = []
        self._seen: set[int] = set()
        self.twice = 0

    def receive(self, payloads: list[Payload]) -> None:
        for row in (row for each in payloads if each["host"] == self._host.name for row in each["rows"]):
            if row["number"] in self._seen:
                self.twice += 1
            else:
                self._seen.add(row["number"])
                self.numbers.append(int(row["message"].removeprefix("number ")))

    def until(self, enough: Callable[[], bool]) -> None:
        """Listen until it is enough."""
        bus = transport.lasting(self._host.conf)
        listener = notifications.listener(bus, self.receive)
        listener.start()
        try:
            self._host.until(enough)
        finally:
            listener.stop()
            listener.wait()
            bus.transport.cleanup()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_outage_of_the_bus_loses_nothing(host: AgentHost, rabbitmq: RabbitMQ, end: str) -> None:
    heard = Heard(host)
    host.start()
    began = time.monotonic()
    heard.until(lambda: len(heard.numbers) > RATE)
    getattr(rabbitmq, end)()
    try:
        time.sleep(OUTAGE / 2)
        # In the middle of it the agent dies as well, and has nobody to ask when it is back.
        host.kill()
        host.start(wait=False)
        time.sleep(OUTAGE / 2)
    finally:
        rabbitmq.start()
    raised = int(RATE * (time.monotonic() - began) * 0.8)
    heard.until(lambda: len(heard.numbers) > raised)
    assert heard.numbers == list(range(1, len(heard.numbers) + 1))
    assert heard.twice <= 3 * 50, "what the bus had taken when it went, or the agent when it was killed"
