# SPDX-License-Identifier: Apache-2.0
"""Now, on the clocks that nobody sets."""

from __future__ import annotations

import functools
import time
from pathlib import Path

from collectd_mgr.domain.leases import Moment


@functools.cache
def boot_id() -> str:
    """The kernel's name for this boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def now() -> Moment:
    """By which leases end."""
    return Moment(boot_id(), time.clock_gettime(time.CLOCK_BOOTTIME), time.time())
