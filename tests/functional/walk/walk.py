# SPDX-License-Identifier: Apache-2.0
"""Several users at once, trouble meanwhile, and a rest at the end in which everything must be true."""

from __future__ import annotations

import http.client
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.functional.deployment import Agent, Caller, Deployment
from tests.functional.walk import truth
from tests.functional.walk.asked import Asked
from tests.functional.walk.steps import OWN, SECRET, Steps
from tests.functional.walk.trouble import Trouble
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE

#: Seconds for which nothing may change before a host is at rest: a plugin that crashes does so meanwhile.
_CALM = 5.0


class Walk:
    """``round`` may be called again and again."""

    def __init__(self, deployment: Deployment, rabbitmq: RabbitMQ, seed: int) -> None:
        self._deployment = deployment
        self._seed = seed
        self._view = truth.View(deployment.urls)
        self._trouble = Trouble(deployment, rabbitmq, random.Random(f"{seed}/trouble"))
        self._rounds = 0
        self._asked: list[Asked] = []
        #: What was not as it must be: a sentence each.
        self.faults: list[str] = []

    def round(self, users: int, steps: int, troubles: Sequence[str]) -> None:
        self._rounds += 1
        with ThreadPoolExecutor(users + 1) as pool:
            jobs = [pool.submit(self._user, number, steps) for number in range(users)]
            jobs.append(pool.submit(self._cause, troubles))
            for job in jobs:
                job.result()
        for agent in self._deployment.agents:
            self._settle(agent)
            self.faults += truth.untrue(self._view, agent.host, self._asked)
        self.faults += truth.unseemly(self.logs())

    def told(self) -> dict[str, int]:
        """How many operations ended how."""
        rows = [row for agent in self._deployment.agents for row in self._view.operations(agent.host)]
        return dict(Counter(f"{row['state']} {(row['error'] or {}).get('code', '')}".strip() for row in rows))

    def record(self) -> Iterator[str]:
        """See :func:`truth.record`, of every host."""
        for agent in self._deployment.agents:
            yield from truth.record(self._view, agent.host, self._asked)

    def logs(self) -> Iterator[Path]:
        yield from self._deployment.home.glob("*.log")
        for agent in self._deployment.agents:
            yield from (agent.home / "agent.log", agent.home / "collectd.log", agent.home / "state" / "collectd.log")

    def _user(self, number: int, steps: int) -> None:
        dice = random.Random(f"{self._seed}/{self._rounds}/{number}")
        hosts = [agent.host for agent in self._deployment.agents]
        for _ in range(steps):
            host = dice.choice(hosts)
            asked = Steps(dice, host, OWN[number], lambda: self._applied(host)).next()  # noqa: B023
            self._ask(asked, dice.choice(self._deployment.urls))
            time.sleep(dice.choice([0.0, 0.0, 0.1, 0.3]))

    def _applied(self, host: str) -> list[int]:
        rows = self._view(f"/v1/hosts/{host}/generations?limit=50")["generations"]
        return [row["n"] for row in rows if row["outcome"] == "applied"]

    def _ask(self, asked: Asked, url: str) -> None:
        """An API that is killed meanwhile gives no answer."""
        self._asked.append(asked)
        body, query = (None, f"?reason={asked.reason}") if asked.method == "DELETE" else (asked.body, "")
        try:
            asked.answer = Caller(url)(asked.method, f"/v1/hosts/{asked.host}{asked.path}{query}", body)
        except (OSError, http.client.HTTPException):
            return
        if asked.answer.status >= 500 and asked.answer.status not in (503, 504):
            self.faults.append(f"{asked}")
        if SECRET in json.dumps(asked.answer.body):
            self.faults.append(f"A secret in an answer: {asked}")

    def _cause(self, troubles: Sequence[str]) -> None:
        dice = random.Random(f"{self._seed}/{self._rounds}/moments")
        for kind in troubles:
            time.sleep(dice.uniform(0.3, 3.0))
            self._trouble.cause(kind)

    def _settle(self, agent: Agent) -> None:
        """Back to where everything may be changed, and wait for the host to come to rest."""
        for body in ({"mode": {"mode": "manage", "live": True}}, {"quarantine": None}):
            asked = Asked(f"rest-{len(self._asked)}", agent.host, "PATCH", "", body)
            asked.body["reason"] = asked.reason
            while asked.answer is None or asked.answer.status not in (200, 202):
                self._ask(asked, random.choice(self._deployment.urls))
        deadline, since, pids = time.monotonic() + PATIENCE, time.monotonic(), agent.collectds()
        while time.monotonic() < since + _CALM:
            reasons = truth.unrest(self._view, agent)
            if reasons or agent.collectds() != pids:
                since, pids = time.monotonic(), agent.collectds()
            if time.monotonic() > deadline:
                self.faults.append(f"{agent.host} does not come to rest: {reasons}")
                return
            time.sleep(0.3)
