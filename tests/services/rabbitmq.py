# SPDX-License-Identifier: Apache-2.0
"""A RabbitMQ node of the tests' own, with an epmd and a cookie of its own."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import amqp

from tests.freezing import is_frozen
from tests.services import certificate
from tests.services.place import directory, free_port
from tests.services.process import Process
from tests.waiting import eventually

# The programs on PATH are wrappers that switch to the user rabbitmq, and to the machine's own node with it.
_SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_CTL = _SERVER.with_name("rabbitmqctl")
_USER, _PASSWORD = "collectd_mgr", "secret"

_TLS = """
listeners.ssl.default = 127.0.0.1:{port}
ssl_options.cacertfile = {certificate}
ssl_options.certfile = {certificate}
ssl_options.keyfile = {key}
"""


class RabbitMQ:
    """``url`` is for oslo.messaging's ``transport_url``; it stays the same over a restart, and so does the data."""

    def __init__(self) -> None:
        self.home = directory()
        self.port = free_port()
        self.url = f"rabbit://{_USER}:{_PASSWORD}@127.0.0.1:{self.port}/"
        #: The same node behind TLS, with the certificate that a client is to trust.
        self.tls_port = free_port()
        self.certificate, key = certificate.write(self.home)
        tls = _TLS.format(port=self.tls_port, certificate=self.certificate, key=key)
        env = _environment(self.home, self.port, free_port(), free_port(), tls)
        epmd = ["epmd", "-address", "127.0.0.1", "-port", env["ERL_EPMD_PORT"]]
        self._epmd = Process(epmd, self.home / "epmd.log", env)
        # The Erlang machine wants many open files, and makes a table as long as the limit: 65536 is plenty and small.
        server = ["prlimit", f"--nofile={_open_files()}", str(_SERVER)]
        self.server = Process(server, self.home / "rabbitmq.log", env)
        #: The command rabbitmqctl, for this node; its user may do everything.
        self.ctl = shlex.join(["env", *(f"{name}={value}" for name, value in env.items()), str(_CTL)])
        self.user, self.password = _USER, _PASSWORD

    def start(self) -> None:
        """Start it and wait until a client can log in; nothing happens when it runs."""
        self._epmd.start()
        self.server.start()
        self.server.wait_until(self._takes_clients)

    def stop(self) -> None:
        """An orderly shutdown of the node; ``start`` brings it back."""
        self.server.stop()

    def restart(self) -> None:
        self.stop()
        self.start()

    def kill(self) -> None:
        """A crash of the node."""
        self.server.kill()

    def freeze(self) -> None:
        """It takes connections and answers nothing, as with a host that hangs, until ``thaw``."""
        self.server.send(signal.SIGSTOP)
        eventually(lambda: is_frozen(self.server.pid))

    def thaw(self) -> None:
        self.server.send(signal.SIGCONT)

    def close(self) -> None:
        if self.server.alive:
            self.thaw()
        self.server.stop()
        self._epmd.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def vhost(self, name: str) -> str:
        """Make a virtual host; its URL, by TLS."""
        for command in (["add_vhost", name], ["set_permissions", "-p", name, _USER, ".*", ".*", ".*"]):
            subprocess.run([*shlex.split(self.ctl), *command], check=True, capture_output=True)
        return f"rabbit://{_USER}:{_PASSWORD}@127.0.0.1:{self.tls_port}/{name}"

    def _takes_clients(self) -> bool:
        with suppress(OSError, amqp.AMQPError), self.connect():
            return True
        return False

    def connect(self, timeout: float = 60) -> amqp.Connection:
        """An AMQP connection below oslo.messaging, for a look at queues; a context manager."""
        address = f"127.0.0.1:{self.port}"
        connection = amqp.Connection(address, _USER, _PASSWORD, connect_timeout=timeout, read_timeout=timeout)
        connection.connect()
        return connection


def _open_files() -> int:
    return min(65536, int(os.sysconf("SC_OPEN_MAX")))


def _environment(home: Path, port: int, epmd_port: int, distribution_port: int, tls: str) -> dict[str, str]:
    (home / "mnesia").mkdir()
    (home / "rabbitmq.conf").write_text(_configuration(port) + tls)
    (home / "enabled_plugins").write_text("[].")
    (home / "rabbitmq-env.conf").write_text("")
    return {
        "HOME": str(home),
        "RABBITMQ_NODENAME": f"cm{port}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": str(distribution_port),
        "ERL_EPMD_PORT": str(epmd_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
        # Few threads, and none that spins instead of sleeping: the machine is shared with what is tested.
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} "
        "+S 2:2 +SDio 2 +sbwt none +sbwtdcpu none +sbwtdio none",
    }


def _configuration(port: int) -> str:
    return f"""
listeners.tcp.default = 127.0.0.1:{port}
default_user = {_USER}
default_pass = {_PASSWORD}
loopback_users = none
log.console = true
log.console.level = info
log.file = false
disk_free_limit.absolute = 50MB
"""
