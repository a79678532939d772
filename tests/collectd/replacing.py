# SPDX-License-Identifier: Apache-2.0
"""A replace driver that does not wait for plugins that are read every ten seconds, only for those that are soon."""

from __future__ import annotations

import dataclasses

from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.replace import ReplaceDriver

#: Seconds: many reads of the others, on a machine that has other things to do.
READY = 5.0


def replacing(settings: DriverSettings) -> ReplaceDriver:
    return ReplaceDriver(dataclasses.replace(settings, ready_timeout=READY))
