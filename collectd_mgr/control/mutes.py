# SPDX-License-Identifier: Apache-2.0
"""One mute for all hosts with some labels: the same setting on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectd_mgr import exception
from collectd_mgr.control import edits
from collectd_mgr.control.edits import Edit
from collectd_mgr.control.hosts import HostControl, Outcome
from collectd_mgr.control.requester import Requester
from collectd_mgr.db import hosts
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain import sections
from collectd_mgr.domain.leases import Lease

#: How long one host is waited for, in seconds; a conductor sends again to one that is slower.
_WAIT = 1.0

#: More hosts than this are for several requests.
LIMIT = 1000


@dataclass(frozen=True)
class Muted:
    """What became of it on one host: an outcome, or the error that forbade it."""

    host: str
    outcome: Outcome | None = None
    error: exception.CollectdMgrError | None = None


def set_all(
    control: HostControl, requester: Requester, labels: Mapping[str, str], name: str, mute: Any, lease: Lease
) -> list[Muted]:
    """Mute on every host that has the labels now. Safe to repeat: the mutes begin anew.

    :raises BadRequest: there are too many
    """
    return _each(control, requester, labels, name, edits.lease_setting(sections.MUTES, name, mute, lease), "set")


def unset_all(control: HostControl, requester: Requester, labels: Mapping[str, str], name: str) -> list[Muted]:
    """End the mute on every host that has the labels now; one that has no such mute stays as it is."""
    return _each(control, requester, labels, name, edits.set_setting(sections.MUTES, name, None), "unset")


def _each(
    control: HostControl, requester: Requester, labels: Mapping[str, str], name: str, edit: Edit, verb: str
) -> list[Muted]:
    found = control.listed(hosts.Filters(labels), Paging(LIMIT + 1))
    if len(found) > LIMIT:
        raise exception.BadRequest(f"More than {LIMIT} hosts have these labels.", field="label")
    quick = HostControl(control.database, control.agents, _WAIT)
    return [_one(quick, requester, host.name, name, edit, verb) for host in found]


def _one(control: HostControl, requester: Requester, host: str, name: str, edit: Edit, verb: str) -> Muted:
    try:
        return Muted(host, control.change(requester, host, edit, f"{sections.MUTES}.{verb}", setting=name))
    except exception.CollectdMgrError as error:
        return Muted(host, error=error)
