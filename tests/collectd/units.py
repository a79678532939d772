# SPDX-License-Identifier: Apache-2.0
"""A real collectd as a unit of a real systemd, with the settings of Debian's own unit."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.real import RealDriver
from collectd_mgr.drivers.systemd import SystemdDaemon
from collectd_mgr.testing.suite.rigs import Host, operators_file, settings_in
from collectd_mgr.wire.client import WireClient
from tests.systemd import Systemd
from tests.waiting import PATIENCE

#: Debian's collectd.service, but for the file, and for the pause before a dead one is started again.
_UNIT = """
[Service]
ExecStart=/usr/sbin/collectd -C {file}
Type=notify
NotifyAccess=main
StandardOutput=append:{place}/output
StandardError=inherit
Restart=always
RestartSec={pause}
"""

#: Seconds of that pause.
_PAUSE = 0.2


def unit_settings(systemd: Systemd) -> DriverSettings:
    """Of a host of its own; the unit is there, and was not started."""
    place = Path(tempfile.mkdtemp(prefix="c", dir=systemd.directory))
    settings = settings_in(place, daemon="systemd")
    settings = dataclasses.replace(settings, unit=f"{place.name}.service", stop_timeout=PATIENCE)
    operators_file(place, settings)
    have_unit(systemd, settings)
    return settings


def have_unit(systemd: Systemd, settings: DriverSettings, more: str = "", pause: float = _PAUSE) -> None:
    """The unit, or the unit as it is from now on."""
    place = Path(settings.config_file).parent
    systemd.unit(settings.unit, _UNIT.format(file=settings.config_file, place=place, pause=pause) + more)
    systemd.ctl("daemon-reload")


def daemon(systemd: Systemd, settings: DriverSettings, wire: WireClient | None = None) -> SystemdDaemon:
    """:param wire: who asks the daemon itself closes it; None: nobody does"""
    return SystemdDaemon(settings, wire or WireClient(settings.socket), systemd.systemctl, systemd.journalctl)


@contextmanager
def unit_host(systemd: Systemd, kind: Callable[[DriverSettings], RealDriver], pause: float = _PAUSE) -> Iterator[Host]:
    """A host whose collectd is a unit and runs, and whose drivers are of this kind.

    :param pause: seconds until systemd starts one that died
    """
    settings = unit_settings(systemd)
    have_unit(systemd, settings, pause=pause)
    with host_of_unit(systemd, settings, kind).running() as host:
        yield host


def host_of_unit(systemd: Systemd, settings: DriverSettings, kind: Callable[[DriverSettings], RealDriver]) -> Host:
    """One whose collectd is the unit of these settings, which is there."""

    def driver(settings: DriverSettings) -> RealDriver:
        made = kind(settings)
        made._collectd.daemon = daemon(systemd, settings, made._collectd.wire)
        return made

    host = Host(settings, driver)
    host.collectd.daemon = daemon(systemd, settings, host.collectd.wire)
    return host
