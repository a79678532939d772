# SPDX-License-Identifier: Apache-2.0
"""collectd-mgr-standalone: API, conductor, agent and a collectd of its own on one machine, for one machine."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cheroot import wsgi
from oslo_config import cfg

from collectd_mgr.agent import single
from collectd_mgr.agent.service import AgentService
from collectd_mgr.api import app
from collectd_mgr.cmd import agent, alone, configuration, stopping
from collectd_mgr.conductor.service import ConductorService
from collectd_mgr.conductor.settings import ConductorSettings
from collectd_mgr.conf import reports
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.db import engine, schema
from collectd_mgr.db.engine import Database
from collectd_mgr.drivers import ladder
from collectd_mgr.drivers.child import ChildDaemon
from collectd_mgr.rpc import identity, signing, transport
from collectd_mgr.rpc.agent import AgentAPI

LOG = logging.getLogger(__name__)

PROGRAM = "collectd-mgr-standalone"

#: Connections that may wait to be taken up. Beyond cheroot's own five, some are reset when dozens come together.
_BACKLOG = 128

_OPTIONS = [
    cfg.StrOpt(
        "state-dir", default="/var/lib/collectd-mgr-standalone", help="Where everything is kept, collectd.conf too."
    ),
    cfg.StrOpt(
        "bind",
        default="127.0.0.1",
        help="Where the API listens: an address of loopback or a name of one, as long as it asks nobody who they are.",
    ),
    cfg.PortOpt("port", default=8912, help="The port of the API."),
    cfg.StrOpt("collectd", dest="collectd_program", default="/usr/sbin/collectd", help="The program."),
    cfg.BoolOpt(
        "stop-collectd", default=False, help="Stop the collectd that an earlier run has left running, and exit."
    ),
]


def main(argv: Sequence[str] | None = None) -> int:
    with configuration.understood(PROGRAM):
        conf = configured(sys.argv[1:] if argv is None else argv)
        settings = agent.settings(conf).daemon
    if conf.stop_collectd:
        if Path(settings.state_dir).is_dir():
            ChildDaemon(settings).stop()
        return 0
    try:
        with configuration.understood(PROGRAM):
            if conf.api.auth_strategy == "none":
                alone.check_loopback(conf.bind)
            alone.furnish(Path(conf.state_dir).absolute(), settings)
            single.alone(settings.state_dir)
            single.alone_at(settings.socket)
            stop = stopping.Asked()
            reports.setup(conf)
            standalone = Standalone(conf)
    except single.TwoAgents as error:
        sys.exit(str(error))
    try:
        standalone.listen()
    except OSError as error:
        sys.exit(f"The API cannot listen on {conf.bind} port {conf.port}: {error}. Choose another one with --port.")
    standalone.start()
    stop.wait()
    standalone.stop()
    return 0


def configured(argv: Sequence[str]) -> cfg.ConfigOpts:
    """The configuration: what the arguments say, then the files, then defaults for one machine."""
    conf = engine.prepare(configuration.new())
    conf.register_cli_opts(_OPTIONS)
    configuration.load(argv, PROGRAM, conf)
    alone.defaults(conf, Path(conf.state_dir).absolute(), conf.collectd_program)
    conf.set_default("local_names", [conf.bind], group="api")
    return conf


class Standalone:
    """All parts, on one in-memory bus. collectd goes on when it stops."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._database = Database(conf)
        schema.sync(self._database)
        rpc, notifications = transport.rpc(conf), transport.notifications(conf)
        keys = identity.host_keys(conf)
        agents = AgentAPI(rpc, conf.conductor.call_timeout, signing.signer(conf), keys)
        conducting = HostControl(self._database, agents, conf.conductor.call_timeout)
        settings = ConductorSettings(**conf.conductor)
        self._conductor = ConductorService(settings, conducting, rpc, notifications, keys=keys)
        self._agent = _agent(conf, rpc, notifications)
        answering = HostControl(self._database, agents, conf.api.wait)
        self._server = wsgi.Server(
            (conf.bind, conf.port),
            app.make(conf, answering),
            server_name=PROGRAM,
            request_queue_size=_BACKLOG,
            shutdown_timeout=1,
        )

    def listen(self) -> None:
        """Have the port, before anything else is touched; nobody is answered yet. :raises OSError: somebody has it"""
        self._server.prepare()

    def start(self) -> None:
        """It answers when this returns."""
        self._conductor.start()
        self._agent.start()
        threading.Thread(target=self._server.serve, name="api", daemon=True).start()
        LOG.info("The API answers on http://%s:%s.", *self._server.bind_addr[:2])

    def stop(self) -> None:
        """From the outside in."""
        self._server.stop()
        self._agent.stop()
        self._conductor.stop()
        self._database.close()


def _agent(conf: cfg.ConfigOpts, rpc: Any, notifications: Any) -> AgentService:
    settings = agent.settings(conf)
    return AgentService(settings, ladder.load(conf.agent.drivers, settings.daemon), rpc, notifications)
