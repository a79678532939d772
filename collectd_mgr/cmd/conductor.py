# SPDX-License-Identifier: Apache-2.0
"""collectd-mgr-conductor: one of any number."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from collectd_mgr.cmd import configuration, stopping
from collectd_mgr.conductor.service import ConductorService
from collectd_mgr.conductor.settings import ConductorSettings
from collectd_mgr.conf import reports
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.db.engine import Database
from collectd_mgr.rpc import identity, signing, transport
from collectd_mgr.rpc.agent import AgentAPI

if TYPE_CHECKING:
    from oslo_config import cfg


_PROGRAM = "collectd-mgr-conductor"


def main(argv: Sequence[str] | None = None) -> int:
    with configuration.understood(_PROGRAM):
        conf = configuration.load(sys.argv[1:] if argv is None else argv, _PROGRAM)
        stop = stopping.Asked()
        reports.setup(conf)
        conductor = service(conf)
    conductor.start()
    stop.wait()
    conductor.stop()
    return 0


def service(conf: cfg.ConfigOpts) -> ConductorService:
    """The conductor that ``conf`` describes, not started."""
    settings = ConductorSettings(**conf.conductor)
    rpc = transport.rpc(conf)
    keys = identity.host_keys(conf)
    agents = AgentAPI(rpc, settings.call_timeout, signing.signer(conf), keys)
    control = HostControl(Database(conf), agents, settings.call_timeout)
    outlets = transport.lasting(conf), transport.telemetry(conf)
    notifications = transport.notifications(conf)
    return ConductorService(settings, control, rpc, notifications, *outlets, conf.publisher.project_id, keys)
