# SPDX-License-Identifier: Apache-2.0
"""A read that does nothing, ten times a second.

Every idle read thread holds the next callback of the heap and sleeps until it is due; a new entry does
not wake it. The tick makes sure that a thread looks at the heap every tenth of a second, so the first
read of a new plugin does not wait for a whole interval. It is pure C and takes no GIL.
"""

from __future__ import annotations

from collectd_mgr.extension.daemon import Daemon

#: The name of the read, and the context it is registered in.
NAME = "collectd_mgr_tick"
OWNER = "collectd_mgr"

#: Seconds between two ticks: the longest that a first read waits for a free thread.
INTERVAL = 0.1


def start(daemon: Daemon) -> None:
    """Register the tick; again is harmless (collectd refuses a name that it has)."""
    with daemon.context(OWNER, INTERVAL):
        daemon.register_read(NAME, daemon.nothing)
