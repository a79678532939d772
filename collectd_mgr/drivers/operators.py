# SPDX-License-Identifier: Apache-2.0
"""What of the operator's own files has to be known to write ours."""

from __future__ import annotations

from pathlib import Path

from collectd_mgr.domain import ignorelist, include
from collectd_mgr.domain.disk import Disk
from collectd_mgr.drivers.base import DriverSettings


def chain(settings: DriverSettings) -> str | None:
    """The operator's own filter chain before the cache, as the next daemon finds it; None when there is none.

    :raises CollectdMgrError: the operator's files cannot be read
    """
    if not Path(settings.config_file).exists():
        return None
    found = include.read(settings.config_file, Disk())
    ours = Path(settings.managed_dir).resolve()
    theirs = (each for each in found.statements if not Path(each.file).resolve().is_relative_to(ours))
    return ignorelist.operators_chain(each.item for each in theirs)
