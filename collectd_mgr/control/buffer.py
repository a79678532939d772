# SPDX-License-Identifier: Apache-2.0
"""The buffers of a host: two sections with one setting each, which are set together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectd_mgr.control import edits
from collectd_mgr.control.edits import Edit
from collectd_mgr.domain import queue, sections, spool
from collectd_mgr.domain.leases import Lease

ACTION = "buffer.set"

#: The key in a request -> the section, and the name of its one setting.
SETTINGS = {"write_queue": (sections.QUEUE, queue.LIMITS), "spool": (sections.SPOOL, spool.LIMITS)}


def edit(limits: Mapping[str, Any], lease: Lease | None) -> Edit:
    """Set both, whole; None for one that is to be as the host's own configuration says."""
    return edits.chain([_one(*SETTINGS[key], limits[key], lease) for key in SETTINGS])


def _one(section: str, name: str, limits: Any, lease: Lease | None) -> Edit:
    if lease is None:
        return edits.set_setting(section, name, limits)
    return edits.lease_setting(section, name, limits, lease)
