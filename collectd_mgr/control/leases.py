# SPDX-License-Identifier: Apache-2.0
"""The leases of a host: what is desired for a while, and how far the host is with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from collectd_mgr.control.edits import Desired
from collectd_mgr.control.hosts import status_of
from collectd_mgr.db.models import Host
from collectd_mgr.domain.moment import moment
from collectd_mgr.domain.spec import Layer
from collectd_mgr.domain.status import HostStatus

PENDING = "pending"


@dataclass(frozen=True)
class LeaseView:
    """About ``plugin``, or about ``setting`` in ``section``; ``ends_at`` is the host's own word, UTC without a zone."""

    id: str
    plugin: str
    section: str
    setting: str
    seconds: float
    state: str
    ends_at: datetime | None


def views(host: Host, desired: Desired) -> list[LeaseView]:
    """Every lease that is desired, in the order in which they were asked for."""
    status = status_of(host)
    return [_view(layer, status) for layer in desired.leases]


def about(host: Host, desired: Desired, plugin: str = "", section: str = "", name: str = "") -> LeaseView | None:
    """The lease on this, if there is one."""
    found = [layer for layer in desired.leases if layer.about(plugin, section, name)]
    return _view(found[0], status_of(host)) if found else None


def _view(layer: Layer, status: HostStatus | None) -> LeaseView:
    held = status.leases.get(layer.id) if status else None
    ends_at = moment(held["ends_at"]) if held else None
    plugin, setting = layer.subject
    section = next(iter(layer.sections), "")
    seconds = layer.lease.seconds if layer.lease else 0.0
    return LeaseView(layer.id, plugin, section, setting, seconds, held["state"] if held else PENDING, ends_at)
