# SPDX-License-Identifier: Apache-2.0
"""On a flush, a thread that always wants the GIL and, whenever it has it, the lock of collectd's cache.

It takes the lock as a callback in C would, without giving the GIL away. So whoever lets the GIL go with that lock in
his hands meets it, and neither of the two ever goes on.
"""

import ctypes
import sys
import threading

import collectd


def want(library: ctypes.PyDLL) -> None:
    while True:
        library.uc_get_size()


def start(timeout: int, identifier: str) -> None:
    sys.setswitchinterval(1e-6)
    threading.Thread(target=want, args=(ctypes.PyDLL(None),), daemon=True).start()


collectd.register_flush(start, name="busy_thread")
