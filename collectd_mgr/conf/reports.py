# SPDX-License-Identifier: Apache-2.0
"""What a running process says of itself when it is asked to: its threads, its configuration (oslo.reports)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oslo_reports import guru_meditation_report, opts
from oslo_reports.generators.conf import ConfigReportGenerator

from collectd_mgr.domain.secrets import mask_text

if TYPE_CHECKING:
    from oslo_config import cfg


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

    :param by_signal: for a process whose main thread and signals are our own; no server of WSGI's is one
    """

    class Report(guru_meditation_report.TextGuruMeditation):
        # Its own section is about the global configuration, and there is none here.
        persistent_sections = [("Configuration of the service", ConfigReportGenerator(conf))]  # noqa: RUF012

        def run(self) -> str:
            return mask_text(super().run())

    Report.setup_autorun(_Version(str(conf.version)), conf.prog, conf=conf, setup_signal=by_signal)


def register_options(conf: cfg.ConfigOpts) -> None:
    """The options of ``[oslo_reports]``. Safe to repeat."""
    opts.set_defaults(conf)
