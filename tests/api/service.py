# SPDX-License-Identifier: Apache-2.0
"""The service for conversations: the application, a conductor's work done at once, agents with the fake driver."""

from __future__ import annotations

import functools
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from collectd_mgr.agent.service import AgentService
from collectd_mgr.agent.settings import AgentSettings
from collectd_mgr.api import app
from collectd_mgr.control import notifications
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.db import schema
from collectd_mgr.db.engine import Database
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.fake import FakeDriver
from collectd_mgr.rpc import notifications as heard
from collectd_mgr.rpc import transport
from collectd_mgr.rpc.status import Reports
from collectd_mgr.testing import configuration
from tests.api.contract import Contract
from tests.unit.rpc import buses
from tests.unit.rpc.candid import Candid
from tests.waiting import PATIENCE

OPERATORS = "operators"

#: token -> (project, roles), as Keystone would have them with its implied roles.
TOKENS = {
    "admin": ("anywhere", "admin,manager,member,reader"),
    "manager": (OPERATORS, "manager,member,reader"),
    "member": (OPERATORS, "member,reader"),
    "reader": (OPERATORS, "reader"),
    "guest": (OPERATORS, ""),
    "stranger": ("tenant", "manager,member,reader"),
}

#: What a host lets in is not what most conversations are about.
ALLOWLIST = '[files]\nread = ["/"]\n[limits]\nshortest_interval = 0.01\n'

#: The operator's own file on every host.
COLLECTD_CONF = """WriteQueueLimitHigh 5000
LoadPlugin df
<Plugin df>
  MountPoint "/"
</Plugin>
LoadPlugin threshold
<Plugin threshold>
  <Plugin df>
    <Type df_complex>
      Instance free
      WarningMin 1000
    </Type>
  </Plugin>
</Plugin>
"""


class Tokens:
    """In the place of keystonemiddleware, with the same headers; what a client sends of them is taken off."""

    def __init__(self, _conf: Any, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        clean = {key: value for key, value in environ.items() if key not in ("HTTP_X_ROLES", "HTTP_X_IDENTITY_STATUS")}
        token = environ.get("HTTP_X_AUTH_TOKEN")
        if token in TOKENS:
            project, roles = TOKENS[token]
            clean |= {"HTTP_X_USER_ID": token, "HTTP_X_PROJECT_ID": project, "HTTP_X_ROLES": roles}
            clean["HTTP_X_IDENTITY_STATUS"] = "Confirmed"
        answer: Iterable[bytes] = self._application(clean, start_response)
        return answer


class Service:
    """``application`` is the whole API; every answer of it is held against the OpenAPI document."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="cm-", dir="/tmp"))
        conf = configuration.scratch(f"sqlite:///{self.directory}/state.db", api={"operator_projects": [OPERATORS]})
        bus = buses.configuration()
        self._agents: dict[str, AgentService] = {}
        self._rpc, self._notifications = transport.rpc(bus), transport.notifications(bus)
        self.database = Database(conf)
        schema.sync(self.database)
        self.control = HostControl(self.database, Candid(self._rpc, self._there), wait=PATIENCE)
        self.application = Contract(app.make(conf, self.control, Tokens))
        self._heard = heard.listener(
            transport.Outlet(self._notifications), functools.partial(notifications.store, self.database)
        )
        self._heard.start()

    def _there(self, name: str) -> bool:
        return name in self._agents

    def hear(self, status: HostStatus) -> None:
        """A status came to a conductor."""
        self.control.receive(Reports(statuses=(status,)))

    def agent(self, name: str, mode: str = "manage") -> AgentService:
        """An agent on the bus, heard of once."""
        home = self.directory / name
        home.mkdir()
        (home / "collectd.conf").write_text(COLLECTD_CONF)
        (home / "allowlist.toml").write_text(ALLOWLIST)
        paths = (str(home / "state"), str(home / "collectd.conf"), str(home / "managed"), str(home / "socket"))
        daemon = DriverSettings(name, *paths)
        settings = AgentSettings(daemon, mode=mode, mode_file=str(home / "mode"), probation=0.0)
        settings = replace(settings, allowlist_file=str(home / "allowlist.toml"))
        agent = AgentService(settings, [FakeDriver(daemon)], self._rpc, self._notifications)
        agent.start()
        self._agents[name] = agent
        self.hear(agent.reporter.observed())
        return agent

    def close(self) -> None:
        for agent in self._agents.values():
            agent.stop()
        self._heard.stop()
        self._heard.wait()
        self.database.close()
        shutil.rmtree(self.directory)
