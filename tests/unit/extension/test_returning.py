# SPDX-License-Identifier: Apache-2.0
"""Metrics that are to come back are looked for until they are back."""

from __future__ import annotations

import ctypes
import time

from collectd_mgr import exception
from collectd_mgr.extension.arena import Arena
from collectd_mgr.extension.thresholds import Thresholds
from tests.waiting import eventually


class BusyAtFirst:
    """A collectd without thresholds, that is behind with its work when it is looked at for the first time."""

    def __init__(self) -> None:
        self.looks = 0

    def loaded(self) -> bool:
        return False

    def check(self) -> None:
        self.looks += 1
        if self.looks == 1:
            raise exception.Busy("behind")


def test_a_look_that_comes_at_a_bad_moment_is_made_again() -> None:
    judges, began = BusyAtFirst(), time.time()
    known = Thresholds(judges, Arena(ctypes.CDLL(None), 0), lambda: {"host/load/load": began}, {})  # type: ignore[arg-type]
    known.hush("load", lambda name: "/load/" in name)
    known.unhush("load")
    eventually(lambda: judges.looks > 1)
