# SPDX-License-Identifier: Apache-2.0
"""What the agent is told by its configuration."""

from __future__ import annotations

from dataclasses import dataclass, field

from collectd_mgr.agent.time_sources.base import TimeSettings
from collectd_mgr.domain import drift, mode
from collectd_mgr.drivers.base import DriverSettings


@dataclass(frozen=True)
class AgentSettings:
    """Times are in seconds.

    :param mode: the mode when neither the server nor the file says one
    :param mode_file: the local file that overrides the server
    :param probation: a daemon that dies this soon after a change died of it; a slow plugin has longer
    :param watch_interval: between two looks at the daemon
    :param revival: how long a dead daemon is left to whoever else may start it again
    :param allowlist_file: what this host lets the service do; see :mod:`collectd_mgr.agent.allowlist`
    :param spool_size: of what is kept while the bus is away, in bytes
    :param project: the project that events and samples belong to
    :param trusted_keys_file: whose signatures count
    :param require_signature: whether a call must have one
    :param on_drift: of :mod:`collectd_mgr.domain.drift`
    """

    daemon: DriverSettings
    mode: str = mode.OBSERVE
    mode_file: str = "/etc/collectd-mgr/mode"
    heartbeat_interval: float = 10.0
    probation: float = 5.0
    watch_interval: float = 1.0
    revival: float = 0.0
    clock: TimeSettings = field(default_factory=TimeSettings)
    allowlist_file: str = "/etc/collectd-mgr/allowlist.toml"
    spool_size: int = 16 * 1024 * 1024
    project: str = ""
    trusted_keys_file: str = "/etc/collectd-mgr/trusted-keys"
    require_signature: bool = False
    on_drift: str = drift.MEND

    @property
    def host(self) -> str:
        return self.daemon.host

    @property
    def state_dir(self) -> str:
        return self.daemon.state_dir
