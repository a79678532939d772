# SPDX-License-Identifier: Apache-2.0
"""Walks collectd's cache as one would at first: the lock is held, and every call gives the GIL away. On a flush."""

import ctypes

import collectd


def walk(timeout: int, identifier: str) -> None:
    library = ctypes.CDLL(None)
    library.uc_get_iterator.restype = ctypes.c_void_p
    iterator = ctypes.c_void_p(library.uc_get_iterator())
    name, interval = ctypes.c_char_p(), ctypes.c_uint64()
    while library.uc_iterator_next(iterator, ctypes.byref(name)) == 0:
        library.uc_iterator_get_interval(iterator, ctypes.byref(interval))
    library.uc_iterator_destroy(iterator)


collectd.register_flush(walk, name="naive_cache")
