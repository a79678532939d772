# SPDX-License-Identifier: Apache-2.0
"""collectd-mgr-agent: the agent of this host."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from oslo_config import cfg

from collectd_mgr.agent import faults
from collectd_mgr.agent.service import AgentService
from collectd_mgr.agent.settings import AgentSettings
from collectd_mgr.agent.single import TwoAgents, alone, alone_at
from collectd_mgr.agent.time_sources.base import TimeSettings
from collectd_mgr.cmd import configuration, stopping
from collectd_mgr.conf import reports
from collectd_mgr.drivers import ladder
from collectd_mgr.drivers.base import Driver, DriverSettings
from collectd_mgr.drivers.snippet import snippet
from collectd_mgr.rpc import identity, transport

_PROGRAM = "collectd-mgr-agent"

#: systemd, or a container's manager, starts a dead collectd again by itself; that long it is left to it, in seconds.
_REVIVAL = {"systemd": 30.0, "commands": 30.0}

_DAEMON = [field.name for field in fields(DriverSettings) if field.name not in ("host", "state_dir")]


_ACTIONS = [
    cfg.BoolOpt("print-snippet", default=False, help="Print what to add to collectd.conf on this host, and exit."),
    cfg.BoolOpt("print-key", default=False, help="Print the line of this host for [signing] host_keys_file, and exit."),
]


def main(argv: Sequence[str] | None = None) -> int:
    conf = configuration.new()
    conf.register_cli_opts(_ACTIONS)
    with configuration.understood(_PROGRAM):
        configuration.load(sys.argv[1:] if argv is None else argv, _PROGRAM, conf)
        if conf.print_snippet:
            print(snippet(settings(conf).daemon), end="")
            return 0
        if conf.print_key:
            return print_key(conf)
        agent = made(conf)
    return serve(agent)


def print_key(conf: cfg.ConfigOpts) -> int:
    """What the control plane is to have in its ``host_keys_file``; a fresh key where the host has none yet."""
    Path(conf.agent.state_dir).mkdir(mode=0o700, parents=True, exist_ok=True)
    for key in identity.of_host(conf.agent.state_dir).public:
        print(conf.agent.host, key)
    return 0


def made(conf: cfg.ConfigOpts) -> AgentService:
    """The only agent in its place, not started; where there is another, the process ends with a sentence."""
    try:
        alone(conf.agent.state_dir)
        drivers = ladder.load(conf.agent.drivers, settings(conf).daemon)
        alone_at(conf.collectd.socket)
        reports.setup(conf)
        return service(conf, drivers)
    except TwoAgents as error:
        sys.exit(str(error))


def serve(agent: AgentService) -> int:
    """Until SIGTERM or SIGINT; collectd goes on."""
    stop = stopping.Asked()
    agent.start()
    stop.wait()
    agent.stop()
    return 0


def service(conf: cfg.ConfigOpts, drivers: Sequence[Driver], fault: faults.Fault = faults.none) -> AgentService:
    """The agent that ``conf`` describes, not started."""
    outlets = transport.lasting(conf), transport.telemetry(conf)
    return AgentService(settings(conf), drivers, transport.rpc(conf), transport.notifications(conf), fault, *outlets)


def settings(conf: cfg.ConfigOpts) -> AgentSettings:
    """What ``[agent]`` and ``[collectd]`` say."""
    agent = conf.agent
    daemon = {name: conf.collectd[name] for name in _DAEMON}
    return AgentSettings(
        DriverSettings(agent.host, agent.state_dir, **daemon),
        agent.mode,
        agent.mode_file,
        agent.heartbeat_interval,
        agent.probation,
        agent.watch_interval,
        _REVIVAL.get(conf.collectd.daemon, 0.0),
        TimeSettings(**{**conf.clock, "sources": tuple(conf.clock.sources)}),
        agent.allowlist_file,
        spool_size=conf.publisher.spool_size,
        project=conf.publisher.project_id,
        trusted_keys_file=agent.trusted_keys_file,
        require_signature=agent.require_signature,
        on_drift=agent.on_drift,
    )
