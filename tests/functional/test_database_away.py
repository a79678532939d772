# SPDX-License-Identifier: Apache-2.0
"""The database goes away in the middle of a change.

No other deployment is on the bus: it would take the host for one of its own.
"""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

from tests.freezing import freeze
from tests.functional.deployment import Caller, Deployment
from tests.functional.test_convergence import put, running
from tests.services.keystone import Keystone
from tests.services.mariadb import MariaDB
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import eventually


def test_what_was_stored_before_the_database_went_away_is_made(rabbitmq: RabbitMQ, keystone: Keystone) -> None:
    host, mariadb = "stored.example.org", MariaDB()
    mariadb.start()
    deployment = Deployment(rabbitmq.url, mariadb.database(), {"keystone_authtoken": keystone.authtoken()})
    try:
        deployment.start()
        agent = deployment.agent(host)
        agent.start()
        admin = Caller(deployment.urls[0], keystone.token("admin", "admin"))
        admin.up(host)

        def operations() -> list[str]:
            rows = admin("GET", f"/v1/operations?host={host}").body.get("operations", [])
            return [row["state"] for row in rows]

        freeze(agent.process.pid)
        with ThreadPoolExecutor() as pool:
            asked = pool.submit(put, admin, host, "memory", True)
            eventually(lambda: operations() == ["pending"])
            mariadb.server.stop()
            os.kill(agent.process.pid, signal.SIGCONT)
            assert (asked.result().status, asked.result().code) == (503, "database_unreachable")
        mariadb.start()
        eventually(lambda: operations() == ["succeeded"], tell=operations)
        assert running(admin, host) == {"memory"}
    finally:
        deployment.close()
        mariadb.close()
