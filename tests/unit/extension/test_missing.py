# SPDX-License-Identifier: Apache-2.0
"""Alarms of a collectd that does not export what it takes to hold them: it raises its own, and none for another one."""

from __future__ import annotations

import ctypes
import time
from typing import Any, cast

from collectd_mgr.extension.missing import Missing


class Nothing:
    """A collectd without any of that."""


def test_without_what_it_takes_nothing_is_owed() -> None:
    missing = Missing(cast(ctypes.CDLL, cast(Any, Nothing())), dict)
    missing.hold()
    missing.tell(["h/p/gauge"], ["h/p/gauge"], {"h/p/gauge": (time.time(), 1.0)})
    assert missing.pause() is None
