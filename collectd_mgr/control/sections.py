# SPDX-License-Identifier: Apache-2.0
"""The named settings of a host: desired beside effective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectd_mgr import exception
from collectd_mgr.control import leases
from collectd_mgr.control.edits import Desired
from collectd_mgr.control.hosts import status_of
from collectd_mgr.control.leases import LeaseView
from collectd_mgr.db.models import Host


@dataclass(frozen=True)
class SettingView:
    """One setting of one section; ``origin``: ``host`` (the operator's own files have it) or ``managed``."""

    name: str
    desired: Any = None
    effective: Any = None
    origin: str = "managed"
    lease: LeaseView | None = None


def views(host: Host, desired: Desired, section: str) -> list[SettingView]:
    """Every setting that is desired, or that the host has, in order of name."""
    settings, reported = desired.section(section), facts(host, section)
    effective, theirs = reported.get("settings", {}), reported.get("host", {})
    managed = [
        SettingView(name, settings.get(name), effective.get(name), lease=leases.about(host, desired, "", section, name))
        for name in {*settings, *effective}
    ]
    owned = [SettingView(name, None, setting, "host") for name, setting in theirs.items()]
    return sorted([*managed, *owned], key=lambda view: view.name)


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


def facts(host: Host, section: str) -> Mapping[str, Any]:
    """What the host reports of a section: ``settings`` in effect, those of its operator under ``host``, and more."""
    status = status_of(host)
    return {} if status is None else dict(status.sections.get(section) or {})
