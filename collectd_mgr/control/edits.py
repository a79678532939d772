# SPDX-License-Identifier: Apache-2.0
"""Changes of what a host should do: pure functions from one desired state to the next."""

from __future__ import annotations

import functools
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from collectd_mgr.domain import program, secrets, sections
from collectd_mgr.domain.leases import PREFIX, Lease
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.sections import Settings
from collectd_mgr.domain.spec import HOST, Counters, Generation, HostSpec, Layer, PluginSetting, merge


@dataclass(frozen=True)
class Desired:
    """What is stored for one host: its own layer, and the mode that the server wants (None: said nothing)."""

    layer: Layer = field(default_factory=lambda: Layer(HOST))
    mode: Mode | None = None
    #: Layers for a while, each about one thing; the later one lies above.
    leases: tuple[Layer, ...] = ()

    def spec(self, generation: Generation) -> HostSpec:
        return HostSpec(generation, (self.layer, *self.leases), self.mode)

    def plugins(self) -> dict[str, PluginSetting]:
        """What is desired of each plugin, leases and all."""
        settings: dict[str, PluginSetting] = {}
        for layer in (self.layer, *self.leases):
            for name, setting in layer.plugins.items():
                settings[name] = setting.over(settings.get(name, PluginSetting()))
        return settings

    def section(self, name: str) -> Settings:
        """What is desired of a section, leases and all."""
        return merge((self.layer, *self.leases)).section(name)

    def without_leases(self, plugin: str = "", section: str = "", name: str = "") -> Desired:
        """A copy in which no lease is about this: whoever asks last is heard."""
        return replace(self, leases=tuple(lease for lease in self.leases if not lease.about(plugin, section, name)))

    def with_lease(self, layer: Layer) -> Desired:
        """A copy in which ``layer`` lies above all others."""
        return replace(self, leases=(*self.leases, layer))


def desired_of(spec: HostSpec) -> Desired:
    """The inverse of :meth:`Desired.spec`."""
    own = [layer for layer in spec.layers if layer.id == HOST]
    leased = tuple(layer for layer in spec.layers if layer.lease is not None)
    return Desired(own[0] if own else Layer(HOST), spec.mode, leased)


Edit = Callable[[Desired], Desired]


def set_plugin(name: str, setting: PluginSetting) -> Edit:
    """The whole setting of a plugin; masks in its config stand for the secrets that are there."""

    def edit(desired: Desired) -> Desired:
        # Who sends a mask back saw what is desired with its lease, which is to end now.
        now = desired.plugins().get(name, PluginSetting())
        whole = replace(setting, config=secrets.unmask(setting.config, now.config))
        return replace(desired.without_leases(name), layer=desired.layer.with_plugin(name, whole))

    return edit


def patch_plugin(name: str, given: dict[str, Any]) -> Edit:
    """Only the keys of ``given`` (``enabled``, ``interval``, ``config``); a None takes the key away."""

    def edit(desired: Desired) -> Desired:
        now = desired.layer.plugins.get(name, PluginSetting())
        return set_plugin(name, replace(now, **given))(desired)

    return edit


def unset_plugin(name: str) -> Edit:
    """Back to what the host has without this setting."""
    return lambda desired: replace(desired.without_leases(name), layer=desired.layer.with_plugin(name, None))


def lease_plugin(name: str, given: PluginSetting, lease: Lease) -> Edit:
    """Lay ``given`` over what the host has of the plugin, for a while; what it leaves open stays as it is."""

    def edit(desired: Desired) -> Desired:
        now = merge((desired.layer, *desired.leases)).plugins.get(name)
        config = secrets.unmask(given.config, now.config if now else None)
        layer = Layer(_leased(), {name: replace(given, config=config)}, lease=lease)
        return desired.without_leases(name).with_lease(layer)

    return edit


def set_setting(section: str, name: str, setting: Any) -> Edit:
    """A named setting of a section, whole; ``None`` takes it away."""

    def edit(desired: Desired) -> Desired:
        bare = desired.without_leases("", section, name)
        return replace(bare, layer=desired.layer.with_setting(section, name, setting))

    return edit


def set_section(section: str, settings: Settings) -> Edit:
    """All settings of a section: those that are not among these go, also what is there for a while."""

    def edit(desired: Desired) -> Desired:
        left = tuple(lease for lease in desired.leases if section not in lease.sections)
        whole = sections.read({**desired.layer.sections, section: settings})
        return replace(desired, layer=replace(desired.layer, sections=whole), leases=left)

    return edit


def lease_setting(section: str, name: str, setting: Any, lease: Lease) -> Edit:
    """A named setting of a section, for a while."""

    def edit(desired: Desired) -> Desired:
        layer = Layer(_leased(), sections={section: {name: setting}}, lease=lease)
        return desired.without_leases("", section, name).with_lease(layer)

    return edit


def end_leases(ids: Collection[str]) -> Edit:
    """Without the leases of these ids."""
    return lambda desired: replace(desired, leases=tuple(each for each in desired.leases if each.id not in ids))


def _leased() -> str:
    return f"{PREFIX}{uuid.uuid4().hex}"


def restart_plugin(name: str) -> Edit:
    def edit(desired: Desired) -> Desired:
        counters = desired.layer.counters
        return _counted(desired, restarts={**counters.restarts, name: _above(counters.restarts.get(name, 0))})

    return edit


def reload_daemon(desired: Desired) -> Desired:
    return _counted(desired, reloads=_above(desired.layer.counters.reloads))


def restart_daemon(desired: Desired) -> Desired:
    return _counted(desired, daemon_restarts=_above(desired.layer.counters.daemon_restarts))


def replace_daemon(desired: Desired) -> Desired:
    return _counted(desired, daemon_replacements=_above(desired.layer.counters.daemon_replacements))


def set_program(wanted: dict[str, str] | None) -> Edit:
    """The collectd that runs, from the next process on; None for the one that the host itself is configured for."""
    return set_setting(sections.PROGRAM, program.NAME, wanted)


def clear_quarantine(desired: Desired) -> Desired:
    return _counted(desired, quarantine_clears=_above(desired.layer.counters.quarantine_clears))


def set_mode(given: dict[str, Any]) -> Edit:
    """The keys of ``given`` (``mode``, ``live``, ``reason``); of the rest the server says what it said before.

    What is in force on the host is no part of it: that may be the word of a local file, which will be taken away.
    """
    reason = secrets.mask_words(given.get("reason") or "")

    def edit(desired: Desired) -> Desired:
        now = desired.mode or Mode("")
        return replace(desired, mode=replace(now, **{**given, "reason": reason}, set_by="server"))

    return edit


def chain(steps: Sequence[Edit]) -> Edit:
    """One edit after the other."""
    return lambda desired: functools.reduce(lambda state, edit: edit(state), steps, desired)


def revert_to(old: Desired) -> Edit:
    """The settings of an earlier state, and those of its leases that have not ended.

    Actions are not done again, and the mode stays: it is no setting.
    """

    def edit(desired: Desired) -> Desired:
        left = tuple(lease for lease in desired.leases if lease in old.leases)
        return replace(desired, layer=old.layer.with_counters(desired.layer.counters), leases=left)

    return edit


def _counted(desired: Desired, **counts: Any) -> Desired:
    counters: Counters = replace(desired.layer.counters, **counts)
    return replace(desired, layer=desired.layer.with_counters(counters))


def _above(count: int) -> int:
    """A number above ``count`` and above any that a host got before: the time, in milliseconds.

    A plain ``count + 1`` would come again after a rollback, a forgotten host or a restored database, and the
    agent, which only acts on larger numbers, would take the new action for the old one.
    """
    return max(count + 1, time.time_ns() // 1_000_000)
