# SPDX-License-Identifier: Apache-2.0
"""The log of a process: oslo.log's, and no secret in a line of it, whoever writes the line.

oslo.log adds the exception that is being handled to a warning, and to an error its traceback, both with the
message of the exception as it is.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from oslo_log import log

from collectd_mgr.domain.secrets import mask_text

if TYPE_CHECKING:
    from oslo_config import cfg


class _Masked(logging.Formatter):
    """Masks what another formatter made."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self._formatter = formatter

    def format(self, record: logging.LogRecord) -> str:
        return mask_text(self._formatter.format(record))


def setup(conf: cfg.ConfigOpts, program: str, version: str) -> None:
    """Have the process log as ``conf`` says. Once in a process."""
    if conf.log_dir:
        # oslo.log would call the file after the program that was started, which is the WSGI server for the API.
        conf.set_default("log_file", f"{program}.log")
    log.setup(conf, program, version)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Masked(handler.formatter or logging.Formatter()))
