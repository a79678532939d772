# SPDX-License-Identifier: Apache-2.0
"""An Aodh of the tests' own, and the webhook that its alarms call."""

from __future__ import annotations

import http.server
import json
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import amqp

from tests.services.keystone import Keystone
from tests.services.openstack import Place, credentials
from tests.services.process import Process
from tests.services.rabbitmq import RabbitMQ

_DAEMONS = ("aodh-evaluator", "aodh-listener", "aodh-notifier")

#: The queues that the listener and the notifier take from.
_QUEUES = ("alarm.all.sample", "alarming.sample")


class Aodh:
    """On SQLite. It looks for new alarms at every event, and at thresholds every other second."""

    def __init__(self, rabbitmq: RabbitMQ, keystone: Keystone) -> None:
        self._rabbitmq = rabbitmq
        self._place = Place(
            "aodh",
            lambda home: {
                "DEFAULT": {"transport_url": rabbitmq.url, "event_alarm_cache_ttl": 0},
                "database": {"connection": f"sqlite:///{home}/aodh.db"},
                "api": {"auth_mode": "keystone"},
                "evaluator": {"evaluation_interval": 2},
                "keystone_authtoken": keystone.authtoken(memcached=False),
                "service_credentials": credentials(keystone),
            },
        )
        self._api = self._place.api("aodh.wsgi.api")
        self._daemons: list[Process] = [self._place.daemon(name) for name in _DAEMONS]
        keystone.register("aodh", "alarming", self._api.url)

    def start(self) -> None:
        """It answers and listens when this returns."""
        self._place.run("aodh-dbsync")
        for daemon in self._daemons:
            daemon.start()
        self._api.start()
        for daemon in self._daemons:
            daemon.wait_until(self._listens)

    def _listens(self) -> bool:
        with suppress(amqp.NotFound), self._rabbitmq.connect() as connection:
            channel = connection.channel()
            return all(channel.queue_declare(queue, passive=True).consumer_count for queue in _QUEUES)
        return False

    def log(self) -> str:
        return "".join(each.tail() for each in (*self._daemons, self._api.process))

    def close(self) -> None:
        with ThreadPoolExecutor() as pool:
            list(pool.map(Process.stop, (*self._daemons, self._api.process)))
        shutil.rmtree(self._place.home, ignore_errors=True)


@dataclass(frozen=True)
class Call:
    """Of the webhook: when, on which path, and what it was told."""

    time: float
    path: str
    body: dict[str, Any]


class Webhook:
    """Keeps what it is told; a context manager."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        calls = self.calls

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                calls.append(Call(time.time(), self.path, json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Webhook:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def called(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]
