# SPDX-License-Identifier: Apache-2.0
"""The measure of all times on the bus: an RPC call through oslo.messaging that does nothing.

Run as a program, it is the server: ``python -m benchmarks.empty TRANSPORT_URL``.
"""

from __future__ import annotations

import signal
import sys
import threading
from typing import Any

import oslo_messaging
from oslo_config import cfg

from collectd_mgr.rpc import transport

TOPIC = "benchmark"
SERVER = "empty"


class _Endpoint:
    target = oslo_messaging.Target(version="1.0")

    def nothing(self, context: dict[str, Any]) -> None:
        return


class Empty:
    """The client; ``()`` is one call. It is configured as the service is."""

    def __init__(self, url: str) -> None:
        target = oslo_messaging.Target(topic=TOPIC, version="1.0")
        self._client = oslo_messaging.get_rpc_client(_transport(url), target).prepare(server=SERVER, timeout=30)

    def __call__(self) -> None:
        self._client.call({}, "nothing")


def _transport(url: str) -> Any:
    conf = cfg.ConfigOpts()
    transport.prepare(conf)
    conf([], project="benchmark", default_config_files=[])
    conf.set_override("transport_url", url)
    return transport.rpc(conf)


def serve(url: str) -> None:
    """Until SIGTERM; prints a line when it listens."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    target = oslo_messaging.Target(topic=TOPIC, server=SERVER)
    policy = oslo_messaging.DefaultRPCAccessPolicy
    server = oslo_messaging.get_rpc_server(_transport(url), target, [_Endpoint()], access_policy=policy)
    server.start()
    print("listening", flush=True)
    stop.wait()
    server.stop()
    server.wait()


if __name__ == "__main__":
    serve(sys.argv[1])
