# SPDX-License-Identifier: Apache-2.0
"""A whole deployment in this process: the API over HTTP, a conductor, agents with an in-memory collectd."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cheroot.wsgi import Server

from collectd_mgr.agent.service import AgentService
from collectd_mgr.agent.settings import AgentSettings
from collectd_mgr.agent.time_sources.base import TimeSettings
from collectd_mgr.api import app
from collectd_mgr.conductor.service import ConductorService
from collectd_mgr.conductor.settings import ConductorSettings
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.db import schema
from collectd_mgr.db.engine import Database
from collectd_mgr.db.hosts import Filters
from collectd_mgr.db.paging import Paging
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.fake import FakeDaemon, FakeDriver
from collectd_mgr.rpc import transport
from collectd_mgr.testing import configuration
from tests.cli.asked import Asked
from tests.unit.agent.agents import Live
from tests.unit.rpc.candid import SHORT, Candid
from tests.waiting import PATIENCE, eventually

#: It follows a reference, which it has compared the clock with just now.
CHRONYC = """#!/bin/sh
case "$*" in
    *tracking*) echo "7F000002,127.0.0.2,3,$(date +%s.%N),0.01,0.0,0.0,17.5,-0.8,22.2,0.0002,0.0003,0.3,Normal" ;;
    *) echo "200 OK" ;;
esac
"""


class Cloud:
    """``url`` is the API's; hosts come and go with :meth:`join` and :meth:`leave`.

    Each host has a chronyd, of which there is no more than the ``chronyc`` that asks it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory, self.asked = directory, Asked()
        self._chronyc = directory / "chronyc"
        self._chronyc.write_text(CHRONYC)
        self._chronyc.chmod(0o755)
        conf = transport.prepare(
            configuration.scratch(f"sqlite:///{directory}/state.db", api={"auth_strategy": "none"})
        )
        conf.set_override("transport_url", "fake://")
        # Exchanges of the in-memory bus are shared by the whole process.
        conf.set_override("control_exchange", uuid.uuid4().hex)
        self._agents: dict[str, AgentService] = {}
        self._bus, self._notifications = transport.rpc(conf), transport.notifications(conf)
        self._database = Database(conf)
        schema.sync(self._database)
        self.control = HostControl(self._database, Candid(self._bus, self._there), wait=PATIENCE)
        settings = ConductorSettings(batch_timeout=0.05, resend_interval=0.2)
        self._conductor = ConductorService(settings, self.control, self._bus, self._notifications)
        self._server = Server(("127.0.0.1", 0), self.asked.listening(app.make(conf, self.control)), numthreads=4)
        self._daemons: dict[str, FakeDaemon] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.bind_addr[1]}"

    def start(self) -> None:
        self._server.prepare()
        threading.Thread(target=self._server.serve, name="api", daemon=True).start()
        self._conductor.start()

    def close(self) -> None:
        for name in list(self._agents):
            self.leave(name)
        self._server.stop()
        self._conductor.stop()
        self._database.close()

    def join(self, name: str, mode: str = "manage") -> None:
        """An agent comes to the bus; its collectd, and what it remembers, are those of the last time."""
        (self._directory / name).mkdir(exist_ok=True)
        daemon = DriverSettings(name, *self._places(name))
        settings = AgentSettings(daemon, mode=mode, mode_file=str(self.mode_file(name)), probation=0.0)
        allowlist = self._directory / name / "allowlist.toml"
        # Tests wait for values.
        allowlist.write_text("[limits]\nshortest_interval = 0.1\n")
        clock = TimeSettings(("chrony",), chronyc=str(self._chronyc))
        settings = replace(settings, allowlist_file=str(allowlist), clock=clock)
        collectd = self._daemons.setdefault(name, FakeDaemon())
        drivers = [Live(daemon, collectd), FakeDriver(daemon, collectd)]
        telemetry = transport.Outlet(self._notifications, "telemetry")
        self._agents[name] = AgentService(settings, drivers, self._bus, self._notifications, telemetry=telemetry)
        self._agents[name].start()

    def mode_file(self, name: str) -> Path:
        return self._directory / name / "mode"

    def leave(self, name: str) -> None:
        self._agents.pop(name).stop()

    @contextmanager
    def joining(self, name: str) -> Iterator[None]:
        """The agent comes back in the block, after a change of the host was answered with "pending"."""
        thread = threading.Thread(target=self._join_late, args=[name, self.control.get(name).n])
        thread.start()
        yield
        thread.join()

    def _join_late(self, name: str, before: int) -> None:
        eventually(lambda: self.control.get(name).n > before)
        time.sleep(SHORT + 2.0)
        self.join(name)

    def wait_for(self, name: str) -> None:
        """Until the API knows the host."""
        eventually(lambda: name in {host.name for host in self.control.listed(Filters(), Paging(1000))})

    def _there(self, name: str) -> bool:
        return name in self._agents

    def _places(self, name: str) -> tuple[Any, ...]:
        home = self._directory / name
        return str(home / "state"), str(home / "collectd.conf"), str(home / "managed"), str(home / "socket")
