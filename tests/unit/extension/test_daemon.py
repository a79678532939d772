# SPDX-License-Identifier: Apache-2.0
"""What of collectd's functions is asked with care; this process has none of them."""

from __future__ import annotations

import ctypes

import pytest

from collectd_mgr.extension.daemon import Daemon


@pytest.fixture
def daemon() -> Daemon:
    return Daemon(ctypes.CDLL(None))


def test_a_name_lies_in_memory_that_nobody_frees_once(daemon: Daemon) -> None:
    address = daemon._name("cpu")
    others = [ctypes.create_string_buffer(b"xyz") for _ in range(1000)]  # Where Python's own would have been.
    assert len(others) == 1000
    assert ctypes.string_at(address) == b"cpu"
    assert daemon._name("cpu") == address


def test_no_group_is_not_every_read_without_one(daemon: Daemon) -> None:
    with pytest.raises(ValueError, match="a group has a name"):
        daemon.unregister_read_group("")
