# SPDX-License-Identifier: Apache-2.0
"""What a test of signatures needs: a key, and a clock that it sets."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from collectd_mgr.rpc import keys


@dataclass
class Clock:
    now: float = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def key() -> str:
    """A private one."""
    return keys.new()
