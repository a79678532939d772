# SPDX-License-Identifier: Apache-2.0
"""A configuration of its own for every test: no files, no command line, nothing global."""

from __future__ import annotations

from typing import Any

from oslo_config import cfg

from collectd_mgr.conf import opts
from collectd_mgr.db import engine, sealing


def scratch(connection: str, **sections: dict[str, Any]) -> cfg.ConfigOpts:
    """Options with ``connection`` as database and a fresh key, then ``sections`` (``api={"wait": 1}``) on top."""
    conf = engine.prepare(opts.register(cfg.ConfigOpts()))
    conf([], project="collectd_mgr", default_config_files=[], default_config_dirs=[])
    conf.set_override("connection", connection, "database")
    conf.set_override("fernet_keys", [sealing.new_key()], "secrets")
    for section, values in sections.items():
        for name, value in values.items():
            conf.set_override(name, value, section)
    return conf
