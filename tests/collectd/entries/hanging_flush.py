# SPDX-License-Identifier: Apache-2.0
"""A flush callback that hangs until a notification comes."""

import threading

import collectd

gone_on = threading.Event()


def flush(timeout: int, identifier: str) -> None:
    collectd.info("the flush hangs")
    gone_on.wait(240.0)


collectd.register_flush(flush, name="hanging_flush")
collectd.register_notification(lambda notification: gone_on.set(), name="hanging_flush")
