# SPDX-License-Identifier: Apache-2.0
"""What a deployment on one machine is made of: one directory, and defaults that point into it."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from collectd_mgr import disk
from collectd_mgr.db import sealing
from collectd_mgr.domain import mode
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.snippet import snippet

if TYPE_CHECKING:
    from oslo_config import cfg

#: What the collectd of a fresh directory collects; everybody may edit the file afterwards.
_PLUGINS = ("cpu", "interface", "load")

_WRITERS = """\
# Values stay in the cache, where the API reads them. To store them as well, load a
# write plugin (csv, rrdtool, network, ...).
"""


def check_loopback(name: str) -> None:
    """:raises ValueError: others would reach the address, or one of those of the name"""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(name, None)}
    except OSError as error:
        raise ValueError(f"--bind {name}: {error.strerror}.") from None
    others = sorted(address for address in found if not ipaddress.ip_address(address).is_loopback)
    if others:
        raise ValueError(
            f"--bind {name}: others reach {', '.join(others)}, and the API asks nobody who they are. "
            "It takes an address of loopback, such as 127.0.0.1."
        )


def defaults(conf: cfg.ConfigOpts, directory: Path, binary: str) -> None:
    """The in-memory bus, SQLite, no Keystone, and a collectd of its own below ``directory``."""
    for group, values in _defaults(directory, binary).items():
        for name, value in values.items():
            conf.set_default(name, value, group=group or None)


def _defaults(directory: Path, binary: str) -> dict[str, dict[str, object]]:
    return {
        "": {"transport_url": "fake://"},
        "database": {"connection": f"sqlite:///{directory}/state.db"},
        "secrets": {"key_file": str(directory / "keys")},
        "api": {"auth_strategy": "none"},
        "agent": {"state_dir": str(directory / "agent"), "mode": mode.MANAGE, "mode_file": str(directory / "mode")},
        "collectd": {
            "daemon": "child",
            "binary": binary,
            "config_file": str(directory / "collectd.conf"),
            "managed_dir": str(directory / "managed"),
            "socket": str(directory / "collectd.sock"),
        },
    }


def furnish(directory: Path, settings: DriverSettings) -> None:
    """The key and the collectd.conf of a fresh directory; what is there already stays. Safe to repeat."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.chmod(directory, 0o700)
    _once(directory / "keys", sealing.new_key() + "\n")
    _once(Path(settings.config_file), configuration(directory, settings))


def configuration(directory: Path, settings: DriverSettings) -> str:
    """A collectd.conf that disturbs no other collectd of the machine."""
    plugins = "".join(f"LoadPlugin {name}\n" for name in _PLUGINS)
    return f'BaseDir "{directory}"\nFQDNLookup false\n{_WRITERS}\n{plugins}\n{snippet(settings)}'


def _once(path: Path, text: str) -> None:
    if not path.exists():
        disk.replace(path, text)
