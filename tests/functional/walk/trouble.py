# SPDX-License-Identifier: Apache-2.0
"""What happens to a deployment at work: something is killed, and comes back."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from tests.functional.deployment import Agent, Deployment
from tests.services.rabbitmq import RabbitMQ


class Trouble:
    def __init__(self, deployment: Deployment, rabbitmq: RabbitMQ, dice: random.Random) -> None:
        self._deployment = deployment
        self._rabbitmq = rabbitmq
        self._dice = dice

    def cause(self, kind: str) -> None:
        agent = self._dice.choice(self._deployment.agents)
        causes: dict[str, Callable[[Agent], None]] = {
            "agent": self._agent,
            "collectd": _collectd,
            "both": self._both,
            "conductor": self._conductor,
            "api": self._api,
            "bus": lambda agent: self._rabbitmq.restart(),
        }
        causes[kind](agent)

    def _agent(self, agent: Agent) -> None:
        agent.process.kill()
        time.sleep(self._dice.choice([0.0, 1.0]))
        agent.start()

    def _both(self, agent: Agent) -> None:
        agent.process.kill()
        _collectd(agent)
        agent.start()

    def _conductor(self, agent: Agent) -> None:
        process = self._dice.choice(self._deployment.conductors)
        process.kill()
        process.start()

    def _api(self, agent: Agent) -> None:
        process = self._dice.choice(self._deployment.apis)
        process.kill()
        process.start()


def _collectd(agent: Agent) -> None:
    for pid in agent.collectds():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
