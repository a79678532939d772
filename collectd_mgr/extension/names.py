# SPDX-License-Identifier: Apache-2.0
"""The names of the metrics in collectd's cache, in one call of collectd's."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, byref, c_char_p, c_size_t, c_uint64

from collectd_mgr.extension.abi import from_cdtime


def names(library: ctypes.CDLL) -> dict[str, float]:
    """Every identifier, and the time of its newest value. Those that collectd misses already are left out."""
    found, times, count = POINTER(c_char_p)(), POINTER(c_uint64)(), c_size_t()
    if library.uc_get_names(byref(found), byref(times), byref(count)) != 0 or not count.value:
        return {}
    try:
        rows = zip(found[: count.value], times[: count.value])
        return {name.decode("utf-8", "surrogateescape"): from_cdtime(time) for name, time in rows if name}
    finally:
        library.strarray_free(found, count)
        library.free(times)
