# SPDX-License-Identifier: Apache-2.0
"""The plugins of a host: desired beside effective, and the settings that may be made."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from collectd_mgr import exception
from collectd_mgr.control import leases
from collectd_mgr.control.edits import Desired
from collectd_mgr.control.hosts import check_managed, status_of
from collectd_mgr.control.leases import LeaseView
from collectd_mgr.control.storing import Check
from collectd_mgr.db.models import Host
from collectd_mgr.domain import config as forms
from collectd_mgr.domain import servants
from collectd_mgr.domain.spec import PluginSetting
from collectd_mgr.domain.status import PluginStatus


@dataclass(frozen=True)
class PluginView:
    """One plugin of one host; ``desired`` holds secrets, ``effective`` is masked already."""

    name: str
    desired: PluginSetting | None
    effective: PluginStatus | None
    lease: LeaseView | None = None

    @property
    def origin(self) -> str:
        return self.effective.origin if self.effective else "managed"


def views(host: Host, desired: Desired) -> list[PluginView]:
    """Every plugin that is set, or that the daemon has, in order of name."""
    effective, settings = _effective(host), desired.plugins()
    return [
        PluginView(name, settings.get(name), effective.get(name), leases.about(host, desired, name))
        for name in sorted({*settings, *effective})
    ]


def _effective(host: Host) -> Mapping[str, PluginStatus]:
    status = status_of(host)
    return status.plugins if status else {}


def view(host: Host, desired: Desired, name: str, capabilities: Callable[[str], Mapping[str, Any]]) -> PluginView:
    """``capabilities`` gives those of a host, by its name: they are long, and seldom needed.

    :raises PluginNotFound: when nobody set it, the daemon does not have it, and it is not installed
    """
    found = after(host, desired, name)
    is_nothing = found.desired is None and found.effective is None
    if is_nothing and name not in _installed(capabilities(host.name)):
        raise exception.PluginNotFound(f"{host.name} has no plugin {name!r}.", host=host.name, plugin=name)
    return found


def after(host: Host, desired: Desired, name: str) -> PluginView:
    """As :func:`view`, for the answer to a change: a plugin that is gone is shown as nothing."""
    wanted, lease = desired.plugins().get(name), leases.about(host, desired, name)
    return PluginView(name, wanted, _effective(host).get(name), lease)


def setting(name: str, given: Mapping[str, Any]) -> PluginSetting:
    """The ``enabled``, ``interval`` and ``config`` that are given for a plugin, its config (JSON or text) in the
    canonical JSON form.

    :raises BadGrammar, BadConfig: when collectd could not hold the config, or not compile its regular expressions, or
        it is the whole block of the plugin
    """
    interval, config = given.get("interval"), given.get("config")
    if config is not None:
        config = forms.to_json(forms.light(forms.within(name, forms.from_any(config))))
    return PluginSetting(given.get("enabled"), None if interval is None else float(interval), config)


def check_setting(name: str, wanted: PluginSetting) -> Check:
    """The check for a setting: the host is managed, and the plugin not configured by its operator's own files; nor
    does it come with a section of settings.
    """

    def check(host: Host, desired: Desired) -> None:
        servants.check_setting(name, wanted)
        _check_owned(host, name, wanted)
        check_managed(host, desired)

    return check


def check_part(name: str, wanted: PluginSetting, given: Collection[str]) -> Check:
    """The check for a part of a setting that is to stay: as for the whole, and a lease holds nothing but this part.

    A part leaves the rest as it is, and the rest is what the lease says, until it ends.
    """
    whole = check_setting(name, wanted)

    def check(host: Host, desired: Desired) -> None:
        whole(host, desired)
        check_leased(desired, name, given)

    return check


def check_unset(name: str) -> Check:
    """The check for taking the setting away: the host is managed, and there is one, for good or for a while."""

    def check(host: Host, desired: Desired) -> None:
        check_managed(host, desired)
        if name not in desired.plugins():
            raise exception.SettingNotFound(f"Nothing is set for {name} on {host.name}.", host=host.name, name=name)

    return check


def check_revert(old: Desired) -> Check:
    """The check for going back to ``old``: the host is managed, and no plugin gets a setting that nobody could make."""

    def check(host: Host, desired: Desired) -> None:
        for name, setting in old.layer.plugins.items():
            servants.check_setting(name, setting, desired.layer.plugins.get(name))
        check_managed(host, desired)

    return check


def check_leased(desired: Desired, name: str, given: Collection[str]) -> None:
    """:raises SettingLeased: a lease holds more of the plugin than the parts that are ``given``"""
    held = {key for lease in desired.leases if name in lease.plugins for key in lease.plugins[name].to_dict()}
    if held - set(given):
        leased = sorted(held)
        raise exception.SettingLeased(
            f"{name} has {', '.join(leased)} for a while: name all of that, or set the whole, or say for how long.",
            plugin=name,
            leased=leased,
        )


def check_restart(name: str) -> Check:
    """The check for a restart: the host is managed, and the plugin is not known to be off."""

    def check(host: Host, desired: Desired) -> None:
        wanted, status = desired.plugins().get(name, PluginSetting()).enabled, status_of(host)
        effective = status.plugins.get(name) if status else None
        if wanted is None and status is not None:
            wanted = effective is not None and effective.enabled
        if wanted is False:
            servants.check_settable(name)
            raise exception.PluginNotEnabled(f"{name} is not enabled on {host.name}.", host=host.name, plugin=name)
        check_managed(host, desired)

    return check


def _check_owned(host: Host, name: str, wanted: PluginSetting) -> None:
    """:raises OwnedByHostConfig: for an interval or a config of a plugin that the operator's own files configure"""
    if wanted.interval is None and wanted.config is None:
        return
    effective = _effective(host).get(name)
    if effective is not None and effective.origin == "host":
        raise exception.OwnedByHostConfig(
            f"The operator's own files on {host.name} configure {name}; only enabled can be set here.",
            host=host.name,
            plugin=name,
        )


def _installed(capabilities: Mapping[str, Any]) -> set[str]:
    return {str(row.get("plugin")) for row in capabilities.get("plugins", ())}
