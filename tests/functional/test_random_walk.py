# SPDX-License-Identifier: Apache-2.0
"""Several users change all that a host offers, while what serves them is killed: every operation tells the truth, and
what is desired is in effect at the end.

``CM_LONG=1`` walks far, with two hosts and restarts of the bus; that form (by hand) is the one that counts.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.testing.collectd import compile_plugin
from tests.functional.deployment import Caller, Deployment
from tests.functional.walk.steps import CRASHERS
from tests.functional.walk.walk import Walk
from tests.services.mariadb import MariaDB
from tests.services.rabbitmq import RabbitMQ

LONG = bool(os.environ.get("CM_LONG"))

PLUGINS = Path("/usr/lib/collectd")
SOURCES = Path(__file__).parents[1] / "agent" / "plugins"

TROUBLES = ("agent", "collectd", "both", "conductor", "api", "bus")


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of the package's, and some that end collectd."""
    directory = tmp_path_factory.mktemp("walk")
    shutil.copytree(PLUGINS, directory / "plugins")
    for name in CRASHERS:
        shutil.copy2(compile_plugin(SOURCES / f"{name}.c", directory), directory / "plugins")
    return directory / "plugins"


@pytest.fixture
def deployment(rabbitmq: RabbitMQ, mariadb: MariaDB, plugins: Path) -> Iterator[Deployment]:
    """Two APIs and two conductors without Keystone; hosts where everything is soon known to be good."""
    options = {"api": {"auth_strategy": "none", "wait": 10}}
    deployment = Deployment(rabbitmq.url, mariadb.database(), options, apis=2, conductors=2)
    try:
        deployment.start()
        for name in ("a.walk.example.org", "b.walk.example.org")[: 2 if LONG else 1]:
            soon = {"probation": 0.5, "watch_interval": 0.3}
            agent = deployment.agent(name, agent=soon, collectd={"plugin_dir": plugins})
            file = agent.home / "collectd.conf"
            file.write_text(f'Interval 1\nPluginDir "{plugins}"\n{file.read_text()}')
            agent.start()
        for agent in deployment.agents:
            Caller(deployment.urls[0]).up(agent.host)
        yield deployment
    finally:
        deployment.close()


@pytest.mark.timeout(4 * 3600)
def test_whatever_happens_the_truth_is_told(deployment: Deployment, rabbitmq: RabbitMQ) -> None:
    """``CM_SEED`` chooses another walk, ``CM_ROUNDS`` the length of the long one."""
    seed = int(os.environ.get("CM_SEED", "2443"))
    walk, dice = Walk(deployment, rabbitmq, seed), random.Random(seed)
    for _ in range(int(os.environ.get("CM_ROUNDS", "60")) if LONG else 1):
        if LONG:
            walk.round(users=4, steps=20, troubles=dice.sample(TROUBLES, 3))
        else:
            walk.round(users=3, steps=10, troubles=("agent", "api", "conductor"))
        print(walk.told())
        assert not walk.faults, "\n".join([*walk.faults, *walk.record()])
