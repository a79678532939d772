# SPDX-License-Identifier: Apache-2.0
"""What one request asked for, told apart from what others had asked for before it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from collectd_mgr.control.edits import Desired
from collectd_mgr.domain.spec import COUNTED, HOST, Counters, Layer, PluginSetting


@dataclass(frozen=True)
class Request:
    """The way from ``before`` to ``after``.

    :param plugin: what was set as a whole, and is asked for even where ``before`` had it already; or, of that,
    :param parts: what alone was set; or
    :param settings: the section and the name of each that was set as a whole
    :param section: all of it was set: what ``after`` has not there is to be gone, whoever brought it
    :param everything: all settings were set: what ``after`` has not is to be gone, whoever brought it
    """

    before: Desired
    after: Desired
    plugin: str = ""
    parts: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    section: str = ""
    everything: bool = False

    def on(self, other: Desired) -> Desired:
        """``other`` with what was asked for, and with nothing else of ``after``.

        What somebody asked for later, and for a while, stays above it.
        """
        bare = Layer(HOST, counters=other.layer.counters)
        return self._over(replace(other, layer=bare) if self.everything else other)

    def is_held_by(self, other: Desired) -> bool:
        """Whether all that was asked for is in ``other`` too, a later one: what others added to it is no matter."""
        return self._over(other) == other

    def is_action(self) -> bool:
        """Whether it is about something to be done, and no setting, be it one that was there already."""
        return (
            not (self.plugin or self.settings or self.section or self.everything)
            and replace(self.after, layer=self.after.layer.with_counters(self.before.layer.counters)) == self.before
        )

    def _over(self, other: Desired) -> Desired:
        mode = self.after.mode if self.after.mode != self.before.mode else other.mode
        return Desired(self._layer(other.layer), mode, self._leases(other))

    def _layer(self, layer: Layer) -> Layer:
        before, after = self.before.layer, self.after.layer
        plugins, settings = {*filter(None, (self.plugin,))}, {*self.settings}
        if self.everything:
            plugins, settings = {*after.plugins}, {*_flat(after)}
        settings |= {each for each in (*_flat(after), *_flat(layer)) if each[0] == self.section}
        for name in _changed(before.plugins, after.plugins) | plugins:
            layer = layer.with_plugin(name, self._part(layer.plugins.get(name), after.plugins.get(name)))
        for section, name in _changed(_flat(before), _flat(after)) | settings:
            layer = layer.with_setting(section, name, _flat(after).get((section, name)))
        return layer.with_counters(_later(layer.counters, after.counters, before.counters))

    def _part(self, now: PluginSetting | None, asked: PluginSetting | None) -> PluginSetting | None:
        """Of what it was set to, what was asked for; the rest as it is ``now``, or else it would be somebody else's."""
        if not self.parts or asked is None:
            return asked
        return replace(now or PluginSetting(), **{name: getattr(asked, name) for name in self.parts})

    def _leases(self, other: Desired) -> tuple[Layer, ...]:
        """Those that ended with the request are gone, those that began with it lie above all others."""
        before, after = ({lease.id: lease for lease in each.leases} for each in (self.before, self.after))
        there = {lease.id for lease in other.leases}
        new = [lease for name, lease in after.items() if name not in before and name not in there]
        gone = {name for name in before if name not in after} | {
            lease.id for lease in other.leases for each in new if _about(lease) & _about(each)
        }
        return (*(lease for lease in other.leases if lease.id not in gone), *new)


def _changed(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> set[Any]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _about(lease: Layer) -> set[Any]:
    """Two settings of one name are two, where they are in different sections."""
    return {*lease.plugins, *_flat(lease)}


def _flat(layer: Layer) -> dict[tuple[str, str], Any]:
    return {(section, name): value for section, settings in layer.sections.items() for name, value in settings.items()}


def _later(now: Counters, asked: Counters, before: Counters) -> Counters:
    """What was counted up is at least at that; the rest stays."""
    counted = {name: n for name, n in asked.restarts.items() if n > before.restarts.get(name, 0)}
    restarts = {**now.restarts, **{name: max(n, now.restarts.get(name, 0)) for name, n in counted.items()}}
    rest = {
        name: max(getattr(now, name), getattr(asked, name))
        for name in COUNTED
        if getattr(asked, name) > getattr(before, name)
    }
    return replace(now, restarts=restarts, **rest)
