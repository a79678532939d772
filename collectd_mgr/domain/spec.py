# SPDX-License-Identifier: Apache-2.0
"""What a host should do: layers of settings, merged, under a generation.

The JSON of a layer, as it goes down the bus and lies in the database::

    {"id": "host",
     "plugins": {"cpu": {"enabled": true, "interval": 10.0, "config": {"ReportByCpu": false}}},
     "counters": {"restarts": {"cpu": 3}, "reloads": 0, "daemon_restarts": 0, "quarantine_clears": 0,
                  "daemon_replacements": 0},
     "sections": {"thresholds": {"cpu-busy": {"type": "cpu", "failure_max": 90.0}}}}

Absent keys of a plugin mean "as the layer below has it". What a later release says besides is not in the objects:
``unknown`` names it, and an agent refuses a spec that has any (:mod:`collectd_mgr.domain.skew`).
``config`` is the JSON form of :mod:`collectd_mgr.domain.config`; for the sections see
:mod:`collectd_mgr.domain.sections`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from collectd_mgr.domain import canonical, config
from collectd_mgr.domain import sections as named
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.leases import Lease
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.sections import Sections, Settings
from collectd_mgr.domain.skew import beyond

#: The layer of the operator's own files: only the agent knows it.
ORIGIN = "origin"
#: The layer of the settings made for one host through the API.
HOST = "host"


@dataclass(frozen=True)
class Generation:
    """The version of a host's spec: ``n`` grows within one random ``epoch`` of a host record."""

    epoch: str
    n: int

    def to_dict(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "n": self.n}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Generation:
        return cls(str(data["epoch"]), int(data["n"]))

    def next(self) -> Generation:
        return Generation(self.epoch, self.n + 1)


@dataclass(frozen=True)
class PluginSetting:
    """What one layer says of one plugin; ``None`` leaves it to the layer below.

    ``interval`` is in seconds, ``config`` the JSON form of the plugin's configuration.
    """

    enabled: bool | None = None
    interval: float | None = None
    config: Any = None

    def to_dict(self) -> dict[str, Any]:
        values = {"enabled": self.enabled, "interval": self.interval, "config": self.config}
        return {key: value for key, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PluginSetting:
        """:raises ValueError: it is none"""
        enabled, interval = data.get("enabled"), data.get("interval")
        if enabled is not None and not isinstance(enabled, bool):
            raise ValueError("enabled is true or false")
        return cls(enabled, None if interval is None else float(interval), data.get("config"))

    def over(self, below: PluginSetting) -> PluginSetting:
        """This setting on top of ``below``, field by field."""
        return PluginSetting(
            below.enabled if self.enabled is None else self.enabled,
            below.interval if self.interval is None else self.interval,
            below.config if self.config is None else self.config,
        )


#: The counters of the daemon as a whole.
COUNTED = ("reloads", "daemon_restarts", "quarantine_clears", "daemon_replacements")


@dataclass(frozen=True)
class Counters:
    """Actions as numbers that only grow, so that doing them is idempotent."""

    restarts: Mapping[str, int] = field(default_factory=dict)
    reloads: int = 0
    daemon_restarts: int = 0
    quarantine_clears: int = 0
    daemon_replacements: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "restarts": dict(sorted(self.restarts.items()))}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Counters:
        restarts = {str(name): int(n) for name, n in dict(data.get("restarts") or {}).items()}
        return cls(restarts, **{key: int(data.get(key, 0)) for key in COUNTED})

    def plus(self, other: Counters) -> Counters:
        """The sum, so that every layer can ask for a restart of its own."""
        names = set(self.restarts) | set(other.restarts)
        restarts = {name: self.restarts.get(name, 0) + other.restarts.get(name, 0) for name in sorted(names)}
        return Counters(restarts, **{key: getattr(self, key) + getattr(other, key) for key in COUNTED})


@dataclass(frozen=True)
class Layer:
    """A set of settings with an id, for good or for a while; see the module for its JSON."""

    id: str
    plugins: Mapping[str, PluginSetting] = field(default_factory=dict)
    counters: Counters = field(default_factory=Counters)
    sections: Sections = field(default_factory=dict)
    lease: Lease | None = None
    unknown: frozenset[str] = field(default=frozenset(), compare=False)

    def to_dict(self) -> dict[str, Any]:
        plugins = {name: setting.to_dict() for name, setting in sorted(self.plugins.items())}
        sections = {"sections": dict(self.sections)} if self.sections else {}
        lease = {"lease": self.lease.to_dict()} if self.lease else {}
        return {"id": self.id, "plugins": plugins, "counters": self.counters.to_dict(), **sections, **lease}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Layer:
        plugins = {str(name): PluginSetting.from_dict(item) for name, item in dict(data.get("plugins") or {}).items()}
        counters = Counters.from_dict(data.get("counters") or {})
        lease = Lease.from_dict(data["lease"]) if data.get("lease") else None
        sections = named.read(data.get("sections"))
        return cls(str(data["id"]), plugins, counters, sections, lease, frozenset(_unknown(data, sections)))

    def about(self, plugin: str = "", section: str = "", name: str = "") -> bool:
        """Whether it says something of this plugin, or of this name in a section."""
        return plugin in self.plugins or name in self.sections.get(section, {})

    @property
    def subject(self) -> tuple[str, str]:
        """What a layer about one thing is about: the plugin, or else the name in a section."""
        names = [name for settings in self.sections.values() for name in settings]
        return next(iter(self.plugins), ""), next(iter(names), "")

    def with_plugin(self, name: str, setting: PluginSetting | None) -> Layer:
        """A copy in which ``name`` has this setting, or none at all for ``None``."""
        plugins = {key: value for key, value in self.plugins.items() if key != name}
        if setting is not None:
            plugins[name] = setting
        return replace(self, plugins=plugins)

    def with_counters(self, counters: Counters) -> Layer:
        return replace(self, counters=counters)

    def with_setting(self, section: str, name: str, setting: Any) -> Layer:
        """A copy in which the section has this setting under ``name``, or none for ``None``."""
        return replace(self, sections=named.with_setting(self.sections, section, name, setting))


def _unknown(data: Mapping[str, Any], sections: Sections) -> Iterator[str]:
    yield from beyond(Layer, data)
    yield from named.unknown(sections)
    for setting in dict(data.get("plugins") or {}).values():
        yield from (f"plugins.{key}" for key in beyond(PluginSetting, setting))
    # A counter that nobody has turned asks for nothing.
    turned = {name: count or None for name, count in dict(data.get("counters") or {}).items()}
    yield from (f"counters.{key}" for key in beyond(Counters, turned))
    yield from (f"lease.{key}" for key in beyond(Lease, data.get("lease") or {}))


@dataclass(frozen=True)
class PluginGoal:
    """What the merged layers want of one plugin. ``origin``: ``host`` (operator's files) or ``managed``."""

    enabled: bool
    interval: float | None = None
    config: Any = None
    origin: str = "managed"
    restarts: int = 0

    @functools.cached_property
    def items(self) -> tuple[Item, ...]:
        """The statements of its configuration. :raises BadGrammar, BadConfig: as :func:`.config.from_any`"""
        return config.known(self.config) if self.origin == "host" else config.from_any(self.config)

    def config_digest(self) -> str:
        """Equal for configurations that are equal; the digest of ``None`` means no configuration."""
        return canonical.digest(self.config)

    def to_dict(self) -> dict[str, Any]:
        return {
            "enabled": self.enabled,
            "interval": self.interval,
            "config": self.config,
            "origin": self.origin,
            "restarts": self.restarts,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PluginGoal:
        return cls(**{key: data[key] for key in ("enabled", "interval", "config", "origin", "restarts")})


@dataclass(frozen=True)
class Goal:
    """The merged layers: what the daemon should do, as one value."""

    plugins: Mapping[str, PluginGoal] = field(default_factory=dict)
    reloads: int = 0
    daemon_restarts: int = 0
    quarantine_clears: int = 0
    sections: Sections = field(default_factory=dict)
    daemon_replacements: int = 0

    def section(self, name: str) -> Settings:
        """The settings of a section, by name; of none there is nothing."""
        return self.sections.get(name, {})

    def to_dict(self) -> dict[str, Any]:
        plugins = {name: goal.to_dict() for name, goal in sorted(self.plugins.items())}
        return {**vars(self), "plugins": plugins, "sections": dict(self.sections)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Goal:
        plugins = {name: PluginGoal.from_dict(item) for name, item in data["plugins"].items()}
        return cls(**{**data, "plugins": plugins, "sections": named.read(data.get("sections"))})

    def digest(self) -> str:
        return canonical.digest(self.to_dict())


@dataclass(frozen=True)
class HostSpec:
    """The layers of one host, lowest first, under their generation.

    ``mode`` is what the server wants of the agent, ``None`` when nobody said anything; it is
    part of the spec so that a silent host takes it up when it comes back.
    """

    generation: Generation
    layers: tuple[Layer, ...] = ()
    mode: Mode | None = None
    unknown: frozenset[str] = field(default=frozenset(), compare=False)

    def to_dict(self) -> dict[str, Any]:
        return {"generation": self.generation.to_dict(), **self._content()}

    def _content(self) -> dict[str, Any]:
        layers = [layer.to_dict() for layer in self.layers]
        return {"layers": layers, "mode": None if self.mode is None else self.mode.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> HostSpec:
        layers = tuple(Layer.from_dict(item) for item in data["layers"])
        generation, mode = Generation.from_dict(data["generation"]), data.get("mode")
        unknown = {*beyond(HostSpec, data), *(f"mode.{key}" for key in beyond(Mode, mode or {}))}
        unknown.update(*(layer.unknown for layer in layers))
        return cls(generation, layers, Mode.from_dict(mode) if mode else None, frozenset(unknown))

    def digest(self) -> str:
        """Of the content alone: two generations with the same content have the same digest."""
        return canonical.digest(self._content())


def merge(layers: tuple[Layer, ...]) -> Goal:
    """The goal of these layers, the lowest first: a pure function that server and agent share.

    What the operator's own files name runs as they say: all that is taken from above is whether it is on.
    """
    counters = Counters()
    sections: Sections = {}
    settings: dict[str, PluginSetting] = {}
    owned = set()
    for layer in layers:
        counters = counters.plus(layer.counters)
        sections = named.over(layer.sections, sections)
        for name, setting in layer.plugins.items():
            said = PluginSetting(setting.enabled) if name in owned else setting
            settings[name] = said.over(settings.get(name, PluginSetting()))
            if layer.id == ORIGIN:
                owned.add(name)
    plugins = {
        name: PluginGoal(
            bool(setting.enabled),
            setting.interval,
            setting.config,
            "host" if name in owned else "managed",
            counters.restarts.get(name, 0),
        )
        for name, setting in sorted(settings.items())
    }
    return Goal(plugins, sections=named.present(sections), **{key: getattr(counters, key) for key in COUNTED})
