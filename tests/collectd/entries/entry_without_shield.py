# SPDX-License-Identifier: Apache-2.0
"""The extension without its shield: reads are called while the init of their plugin still runs."""

import contextlib

import collectd

from collectd_mgr.extension.service import install


class NoShield:
    def __init__(self, daemon: object, threads: object) -> None:
        pass

    def up(self, give_up: object) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()


install(collectd, shield=NoShield)
