# SPDX-License-Identifier: Apache-2.0
"""What an operator's collectd.conf has for collectd_mgr: the extension, and the one Include."""

from __future__ import annotations

from collectd_mgr.domain import config, grammar, managed
from collectd_mgr.domain.grammar import Item
from collectd_mgr.drivers import bundle
from collectd_mgr.drivers.base import DriverSettings


def snippet(settings: DriverSettings) -> str:
    """collectd.conf text that never changes for a host, whatever is managed there.

    It belongs at the end: an Import sees only what was loaded before it.
    """
    told = [Item("Socket", (settings.socket,))]
    if settings.self_metrics:
        told.append(Item("Metrics", ("true",)))
    python = (
        Item("ModulePath", (bundle.module_path(settings.state_dir),)),
        Item("Import", (managed.IMPORT,)),
        Item("Module", (managed.MODULE,), tuple(told)),
    )
    return grammar.render(
        (
            config.load_plugin("python", Globals=True),
            config.plugin_block("python", python),
            Item("Include", (f"{settings.managed_dir}/*.conf",)),
        )
    )
