# SPDX-License-Identifier: Apache-2.0
"""The extension without its grace period: what it would do to a plugin is what the tests must see."""

import collectd

from collectd_mgr.extension.service import install


class NoGrace:
    def __init__(self, threads: object, daemon: object) -> None:
        pass

    def wait(self, since: float, timeout: float, enough: object) -> bool:
        return True

    def over(self, since: float) -> bool:
        return True


install(collectd, grace=NoGrace)
