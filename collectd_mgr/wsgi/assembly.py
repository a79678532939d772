# SPDX-License-Identifier: Apache-2.0
"""The API service put together: database, bus, control, application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from collectd_mgr.api import app
from collectd_mgr.control.hosts import HostControl
from collectd_mgr.db.engine import Database
from collectd_mgr.rpc import identity, signing, transport
from collectd_mgr.rpc.agent import AgentAPI

if TYPE_CHECKING:
    from oslo_config import cfg


def assemble(conf: cfg.ConfigOpts) -> app.Application:
    """The application that ``conf`` describes. Connects to bus and database when first asked something."""
    signer, keys = signing.signer(conf), identity.host_keys(conf)
    agents = AgentAPI(transport.rpc(conf), conf.api.read_timeout, signer, keys)
    control = HostControl(Database(conf), agents, conf.api.wait)
    return app.make(conf, control)
