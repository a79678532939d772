# SPDX-License-Identifier: Apache-2.0
"""The configuration of a process: options of ours and of the libraries, the files, the log, and mistakes in them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata

from oslo_config import cfg
from oslo_log import log

from collectd_mgr import exception
from collectd_mgr.conf import log as logs
from collectd_mgr.conf import opts, reports
from collectd_mgr.domain.secrets import mask_text
from collectd_mgr.rpc import transport

LOG = logging.getLogger(__name__)

PROJECT = "collectd-mgr"

#: What an operator's mistake comes as while a program is put together: a file that is not there or cannot be read, a
#: value that is none, or a name of nothing.
_MISTAKES = (cfg.Error, log.LogConfigError, OSError, ValueError, exception.NoDriver, exception.NoTimeSource)


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


@contextmanager
def understood(program: str) -> Iterator[None]:
    """For the time in which ``program`` is put together: a mistake in its configuration ends it with a sentence and 2.

    That is argparse's code for a mistake in the arguments. The traceback is for ``--debug``, once there is a log.
    """
    try:
        yield
    except SystemExit as ended:
        # oslo.config's own end, after a sentence, where a file has what would be none on the command line either.
        sys.exit(2 if ended.code == 1 else ended.code)
    except _MISTAKES as error:
        LOG.debug("Where the mistake was found:", exc_info=True)
        print(f"{program}: {mask_text(str(error))}", file=sys.stderr)
        sys.exit(2)
