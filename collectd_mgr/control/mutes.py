# SPDX-License-Identifier: Apache-2.0
"""One mute for all hosts with some labels: the same setting on each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.control import edits, together
from collectd_mgr.control.edits import Edit
from collectd_mgr.control.hosts import HostControl, check_managed
from collectd_mgr.control.requester import Requester
from collectd_mgr.control.sections import checked
from collectd_mgr.control.storing import Asked, Check
from collectd_mgr.control.together import Result
from collectd_mgr.db import hosts
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain import sections
from collectd_mgr.domain.leases import Lease

#: More hosts than this are for several requests.
LIMIT = 1000


def set_all(
    control: HostControl, requester: Requester, labels: Mapping[str, str], name: str, mute: Any, lease: Lease
) -> list[Result]:
    """Mute on every host that has the labels now, see :func:`.together.change`. Safe to repeat: mutes begin anew.

    :raises BadRequest: there are too many
    """
    return _each(
        control, requester, labels, name, edits.lease_setting(sections.MUTES, name, mute, lease), "set", check_managed
    )


def unset_all(control: HostControl, requester: Requester, labels: Mapping[str, str], name: str) -> list[Result]:
    """End the mute on every host that has the labels now; one that has no such mute stays as it is.

    :raises SettingNotFound: none of them has it
    """
    check = checked(sections.MUTES, name, None, lambda settings, theirs: None)
    done = _each(control, requester, labels, name, edits.set_setting(sections.MUTES, name, None), "unset", check)
    had = [result for result in done if not isinstance(result.error, exception.SettingNotFound)]
    if done and not had:
        raise exception.SettingNotFound(f"No host with these labels has the mute {name}.", name=name)
    return had


def _each(
    control: HostControl,
    requester: Requester,
    labels: Mapping[str, str],
    name: str,
    edit: Edit,
    verb: str,
    check: Check,
) -> list[Result]:
    found = control.listed(hosts.Filters(labels), Paging(LIMIT + 1))
    if len(found) > LIMIT:
        raise exception.BadRequest(f"More than {LIMIT} hosts have these labels.", field="label")
    origin = requester.origin(f"{sections.MUTES}.{verb}", setting=name)
    return together.change(control, [host.name for host in found], Asked(edit, origin, check))
