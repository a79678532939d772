# SPDX-License-Identifier: Apache-2.0
"""Takes the tick out, on a flush: what a first read then waits for."""

import ctypes

import collectd


def stop(timeout: int, identifier: str) -> None:
    ctypes.CDLL(None).plugin_unregister_read(b"collectd_mgr_tick")


collectd.register_flush(stop, name="no_tick")
