# SPDX-License-Identifier: Apache-2.0
"""The named settings of a host: desired beside effective."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from collectd_mgr import exception
from collectd_mgr.control import leases
from collectd_mgr.control.edits import Desired
from collectd_mgr.control.hosts import check_managed, status_of
from collectd_mgr.control.leases import LeaseView
from collectd_mgr.control.storing import Check
from collectd_mgr.db.models import Host

Together = Callable[[Mapping[str, Any], Mapping[str, Any]], None]


@dataclass(frozen=True)
class SettingView:
    """One setting of one section; ``origin``: ``host`` (the operator's own files have it) or ``managed``."""

    name: str
    desired: Any = None
    effective: Any = None
    origin: str = "managed"
    lease: LeaseView | None = None
    #: What the host says of it.
    facts: Mapping[str, Any] = field(default_factory=dict)


def views(host: Host, desired: Desired, section: str) -> list[SettingView]:
    """Every setting that is desired, or that the host has, in order of name."""
    settings, reported = desired.section(section), facts(host, section)
    effective, theirs = reported.get("settings", {}), reported.get("host", {})
    about = reported.get("facts", {})

    def managed(name: str) -> SettingView:
        lease = leases.about(host, desired, "", section, name)
        return SettingView(name, settings.get(name), effective.get(name), lease=lease, facts=about.get(name, {}))

    owned = [SettingView(name, None, setting, "host") for name, setting in theirs.items()]
    return sorted([*map(managed, {*settings, *effective}), *owned], key=lambda view: view.name)


def view(host: Host, desired: Desired, section: str, name: str) -> SettingView:
    """:raises SettingNotFound:"""
    found = after(host, desired, section, name)
    if found.desired is None and found.effective is None:
        raise exception.SettingNotFound(f"{host.name} has no {name!r} in its {section}.", host=host.name, name=name)
    return found


def after(host: Host, desired: Desired, section: str, name: str) -> SettingView:
    """As :func:`view`, for the answer to a change: a setting that is gone is shown as nothing."""
    found = [each for each in views(host, desired, section) if each.name == name]
    return found[0] if found else SettingView(name)


def checked(section: str, name: str, setting: Any, together: Together) -> Check:
    """What forbids to set this, or with None to take it away, in any moment that it may be stored in.

    :param together: raises what forbids to have settings (the first) beside the operator's own (the second)
    """

    def check(host: Host, desired: Desired) -> None:
        check_managed(host, desired)
        if setting is None:
            view(host, desired, section, name)
        check_beside(host, desired, section, {name: setting}, together)

    return check


def checked_whole(section: str, settings: Mapping[str, Any], together: Together) -> Check:
    """What forbids to have these settings and no others of the section; ``together`` as for :func:`checked`."""

    def check(host: Host, desired: Desired) -> None:
        check_managed(host, desired)
        theirs = facts(host, section).get("host", {})
        _check_owned(settings, theirs)
        together(settings, theirs)

    return check


def _check_owned(given: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    for name in given.keys() & theirs.keys():
        raise exception.OwnedByHostConfig(f"{name} stands in the operator's own files.", name=name)


def check_beside(host: Host, desired: Desired, section: str, given: Mapping[str, Any], together: Together) -> None:
    """What forbids to have these settings (None: to have one no more) beside all others of the section.

    Beside those that leases have, and beside what lies below: a lease ends without asking anybody.

    :raises OwnedByHostConfig: one stands in the operator's own files; and what ``together`` raises
    """
    theirs = facts(host, section).get("host", {})
    _check_owned(given, theirs)
    if all(setting is None for setting in given.values()):
        return
    for others in (desired.section(section), desired.layer.sections.get(section, {})):
        left = {name: setting for name, setting in {**others, **given}.items() if setting is not None}
        together(left, theirs)


def facts(host: Host, section: str) -> Mapping[str, Any]:
    """What the host reports of a section: ``settings`` in effect, those of its operator under ``host``, and more."""
    status = status_of(host)
    return {} if status is None else dict(status.sections.get(section) or {})
