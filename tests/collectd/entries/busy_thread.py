# SPDX-License-Identifier: Apache-2.0
"""A Python thread that wants the GIL all the time and keeps it for a sixth of a second, as a slow expression does."""

import threading

import collectd


def burn() -> None:
    numbers = range(6_000_000)
    while True:
        sum(numbers)


collectd.register_init(lambda: threading.Thread(target=burn, daemon=True).start(), name="busy_thread")
