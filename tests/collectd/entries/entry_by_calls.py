# SPDX-License-Identifier: Apache-2.0
"""The extension where the memory of the cache must not be looked at."""

import ctypes

import collectd

from collectd_mgr.extension.service import install
from collectd_mgr.extension.sight import Sight


class ByCalls(Sight):
    def __init__(self, library: ctypes.CDLL, held: ctypes.PyDLL, why: object) -> None:
        super().__init__(library, held, "the test wants it so")


install(collectd, sight=ByCalls)
