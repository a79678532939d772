# SPDX-License-Identifier: Apache-2.0
"""What collectd's Python plugin imports: the only file that knows the module ``collectd``.

::

    <Plugin python>
      ModulePath "/usr/lib/collectd_mgr"
      Import "collectd_mgr.extension.entry"
      <Module collectd_mgr>
        Socket "/run/collectd_mgr/collectd.sock"
        StateDir "/var/lib/collectd_mgr"
      </Module>
    </Plugin>
"""

from __future__ import annotations

from typing import Any

import collectd

from collectd_mgr.extension.log import Log
from collectd_mgr.extension.service import Service
from collectd_mgr.extension.settings import BadOption, Settings

NAME = "collectd_mgr"

_settings = Settings()
_service: Service | None = None


def configure(node: Any) -> None:
    global _settings
    try:
        _settings = Settings.read(node.children)
    except BadOption as error:
        collectd.error(f"{NAME}: {error}")
        raise


def start() -> None:
    """The init callback. Whatever goes wrong here, collectd itself goes on."""
    global _service
    log = Log(collectd.info, collectd.error)
    collectd.register_log(log.write, name=NAME)
    service = Service(_settings, log)
    try:
        service.start()
    except Exception as error:  # noqa: BLE001
        collectd.error(f"{NAME}: not started: {type(error).__name__}: {error}")
        return
    _service = service


def stop() -> None:
    """The shutdown callback."""
    if _service is not None:
        _service.stop()


collectd.register_config(configure, name=NAME)
collectd.register_init(start, name=NAME)
collectd.register_shutdown(stop, name=NAME)
