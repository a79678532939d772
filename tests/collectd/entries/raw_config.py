# SPDX-License-Identifier: Apache-2.0
"""Lets a test have collectd read any file at all: a flush of the identifier PATH reads PATH."""

import ctypes

import collectd


def read(timeout: int, path: str) -> None:
    ctypes.CDLL(None).cf_read(path.encode())


collectd.register_flush(read, name="raw_config")
