# SPDX-License-Identifier: Apache-2.0
"""What a running process says of itself when it is asked to: its threads, its configuration (oslo.reports)."""

from __future__ import annotations

import logging
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from oslo_reports import guru_meditation_report, opts
from oslo_reports.generators.conf import ConfigReportGenerator

from collectd_mgr.domain.secrets import mask_text

if TYPE_CHECKING:
    from oslo_config import cfg

LOG = logging.getLogger(__name__)


class _Version:
    def __init__(self, version: str) -> None:
        self._version = version

    def vendor_string(self) -> str:
        return "OpenStack"

    def product_string(self) -> str:
        return "collectd_mgr"

    def version_string_with_package(self) -> str:
        return self._version


def setup(conf: cfg.ConfigOpts, by_signal: bool = True) -> None:
    """Have the process write a report whenever it is asked to: with SIGUSR2, or by a touch of the file that
    ``[oslo_reports] file_event_handler`` names. It goes to standard error, or into ``[oslo_reports] log_dir``.

    :param by_signal: for a process whose main thread and signals are our own; no server of WSGI's is one. It watches no
        file: the configuration may be shared with an API, and the signal would end a process that does not expect it
    """

    class Report(guru_meditation_report.TextGuruMeditation):
        # Its own section is about the global configuration, and there is none here.
        persistent_sections = [("Configuration of the service", ConfigReportGenerator(conf))]  # noqa: RUF012

        def run(self) -> str:
            return mask_text(super().run())

    version = _Version(str(conf.version))
    if by_signal:
        Report.setup_autorun(version, conf.prog, conf=conf, signum=signal.SIGUSR2)
        return
    try:
        _have(conf.oslo_reports.file_event_handler)
        Report.setup_autorun(version, conf.prog, conf=conf, setup_signal=False)
    except OSError as error:
        LOG.warning("No report will be written: [oslo_reports] file_event_handler: %s", error)


def _have(file: str | None) -> None:
    """Make the file that is watched; one that is there is not touched, for that asks for a report.

    :raises OSError: when it cannot be made
    """
    if file:
        with suppress(FileExistsError):
            Path(file).touch(mode=0o640, exist_ok=False)


def register_options(conf: cfg.ConfigOpts) -> None:
    """The options of ``[oslo_reports]``. Safe to repeat."""
    opts.set_defaults(conf)
