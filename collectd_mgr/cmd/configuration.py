# SPDX-License-Identifier: Apache-2.0
"""The configuration of a process: options of ours and of the libraries, the files, the log."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata

from oslo_config import cfg
from oslo_log import log

from collectd_mgr.conf import log as logs
from collectd_mgr.conf import opts, reports
from collectd_mgr.rpc import transport

PROJECT = "collectd-mgr"


def new() -> cfg.ConfigOpts:
    """A configuration that knows every option and has read nothing yet."""
    conf = cfg.ConfigOpts()
    log.register_options(conf)
    opts.register(conf)
    reports.register_options(conf)
    return transport.prepare(conf)


def _files() -> list[str]:
    """One file for all programs of a host, as its service has only one."""
    return list(cfg.find_config_files(project=PROJECT, prog=PROJECT))


def load(argv: Sequence[str], program: str, conf: cfg.ConfigOpts | None = None) -> cfg.ConfigOpts:
    """The configuration of ``program`` from its arguments and files, with the log set up.

    Files: those of ``--config-file``, else ``collectd-mgr.conf`` in the usual places, ``/etc/collectd-mgr`` among them.
    """
    conf = conf or new()
    version = metadata.version(PROJECT)
    conf(list(argv), project=PROJECT, prog=program, version=version, default_config_files=_files())
    logs.setup(conf, program, version)
    transport.quiet()
    return conf
