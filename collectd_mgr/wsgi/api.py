# SPDX-License-Identifier: Apache-2.0
"""``collectd_mgr.wsgi.api:application``, for gunicorn, uWSGI, mod_wsgi and the like.

Configured by ``collectd-mgr.conf`` in the usual places (``/etc/collectd-mgr`` among them), or by the files
that the environment names: ``COLLECTD_MGR_CONFIG_FILES=/one.conf:/two.conf``.
"""

from __future__ import annotations

import os
from importlib import metadata

from oslo_config import cfg
from oslo_log import log

from collectd_mgr.conf import log as logs
from collectd_mgr.conf import opts, reports
from collectd_mgr.rpc import transport
from collectd_mgr.wsgi.assembly import assemble

_PROJECT = "collectd-mgr"


def _configuration() -> cfg.ConfigOpts:
    conf = transport.prepare(opts.register(cfg.ConfigOpts()))
    log.register_options(conf)
    reports.register_options(conf)
    named = [path for path in os.environ.get("COLLECTD_MGR_CONFIG_FILES", "").split(":") if path]
    files = named or cfg.find_config_files(project=_PROJECT, prog=_PROJECT)
    program, version = "collectd-mgr-api", metadata.version(_PROJECT)
    conf([], project=_PROJECT, prog=program, version=version, default_config_files=files)
    logs.setup(conf, program, version)
    reports.setup(conf, by_signal=False)
    transport.quiet()
    return conf


application = assemble(_configuration())
