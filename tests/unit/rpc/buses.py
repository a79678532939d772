# SPDX-License-Identifier: Apache-2.0
"""An in-memory bus for one test: exchanges are shared by the whole process, so each gets a name of its own."""

from __future__ import annotations

import uuid
from typing import Any

from oslo_config import cfg

from collectd_mgr.rpc import transport


def configuration() -> cfg.ConfigOpts:
    conf = transport.prepare(cfg.ConfigOpts())
    conf([], default_config_files=[], default_config_dirs=[])
    conf.set_override("transport_url", "fake://")
    conf.set_override("control_exchange", uuid.uuid4().hex)
    return conf


def rpc_bus() -> Any:
    return transport.rpc(configuration())
