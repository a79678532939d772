# SPDX-License-Identifier: Apache-2.0
"""What a host does: the status that comes up the bus, and the heartbeat that says whether it is new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from collectd_mgr.domain import canonical
from collectd_mgr.domain.drift import Drift
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.skew import understood
from collectd_mgr.domain.spec import Generation

#: Health of a plugin. ``registered``: collectd has its callback; ``observed``: a value came since;
#: ``silent``: no value after two intervals; ``stopping``: disabled, a read in flight or its last values yet there;
#: ``failed``: it could not be brought to what was asked; ``off``: not read;
#: ``unknown``: collectd runs and does not answer, and what is said of the plugin is from when it did.
UNKNOWN = "unknown"
HEALTHS = ("registered", "observed", "silent", "stopping", "failed", "off", UNKNOWN)


@dataclass(frozen=True)
class PluginStatus:
    """One plugin as it is. ``last_value`` and intervals in seconds (since 1970, and long)."""

    enabled: bool
    health: str
    origin: str = "managed"
    interval: float | None = None
    config: Any = None
    last_value: float | None = None
    metrics: int = 0
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PluginStatus:
        return cls(**understood(cls, data))


@dataclass(frozen=True)
class HostStatus:
    """A whole status. ``(boot, sequence)`` orders statuses of one host: ``boot`` is the agent's start, in
    nanoseconds since 1970, ``sequence`` counts within it.

    :param generation: the last one that the agent took up, ``None`` before the first
    :param outcome: of that generation: ``applying``, ``applied`` or ``failed``
    :param error: ``exception.to_dict`` of why it failed
    :param effective: the digest of the goal that the daemon runs
    :param driver: the driver that did what ``generation`` asks for, or failed to; ``None`` when nothing had to be done,
        or none was found that could
    :param daemon: ``{"pid", "started", "version", "interval", "hostname", "snippet", "restarted", "replaced", "gap"}``;
        ``snippet``: whether collectd was started with what is managed; ``None``: not known
    :param capabilities: see :mod:`collectd_mgr.domain.capabilities`; they are long and seldom change, so ``None``
        stands for those of ``capabilities_digest``, which whoever gets the status knows already or asks for
    :param quarantine: why the live driver is quarantined on this host, or ``None``
    :param warnings: collectd's own, of the last operation
    :param leases: see :func:`collectd_mgr.domain.leases.reported`
    :param drift: what somebody else has done
    :param sections: what is in effect of the named settings, by section; see the module of each
    """

    host: str
    boot: int
    sequence: int
    generation: Generation | None = None
    digest: str | None = None
    outcome: str | None = None
    error: dict[str, Any] | None = None
    effective: str | None = None
    driver: str | None = None
    daemon: dict[str, Any] = field(default_factory=dict)
    mode: Mode = field(default_factory=Mode)
    plugins: Mapping[str, PluginStatus] = field(default_factory=dict)
    capabilities: dict[str, Any] | None = None
    capabilities_digest: str = ""
    quarantine: str | None = None
    warnings: tuple[str, ...] = ()
    sections: dict[str, Any] = field(default_factory=dict)
    leases: dict[str, Any] = field(default_factory=dict)
    drift: tuple[Drift, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        data = dict(vars(self))
        data["generation"] = self.generation and self.generation.to_dict()
        data["mode"] = self.mode.to_dict()
        data["plugins"] = {name: plugin.to_dict() for name, plugin in sorted(self.plugins.items())}
        data["warnings"] = list(self.warnings)
        data["drift"] = [each.to_dict() for each in self.drift]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HostStatus:
        values = understood(cls, data)
        values["generation"] = Generation.from_dict(data["generation"]) if data.get("generation") else None
        values["mode"] = Mode.from_dict(data["mode"])
        values["plugins"] = {name: PluginStatus.from_dict(item) for name, item in data["plugins"].items()}
        values["warnings"] = tuple(data.get("warnings") or ())
        values["drift"] = tuple(map(Drift.from_dict, data.get("drift") or ()))
        return cls(**values)

    def brief(self) -> HostStatus:
        """The same, with the digest of the capabilities in their place."""
        return replace(self, capabilities=None)

    def health_digest(self) -> str:
        """Of all that a reader would want anew: not of the order, nor of times that move with every value."""
        data = self.to_dict()
        for key in ("boot", "sequence", "capabilities"):
            data.pop(key)
        for plugin in data["plugins"].values():
            plugin.pop("last_value")
        return canonical.digest(data)[:16]

    def heartbeat(self) -> dict[str, Any]:
        """The small message (under 300 bytes for a host name of 64)."""
        return {
            "host": self.host,
            "boot": self.boot,
            "seq": self.sequence,
            "gen": None if self.generation is None else [self.generation.epoch, self.generation.n],
            "digest": self.digest,
            "health": self.health_digest(),
        }
