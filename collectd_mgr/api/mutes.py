# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/mutes``."""

from __future__ import annotations

from typing import Any

from collectd_mgr.api.call import Call
from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.fields import Schema
from collectd_mgr.api.sections import Kind, resource
from collectd_mgr.domain import sections
from collectd_mgr.domain.notifications import SEVERITIES

_PROPERTIES: dict[str, Schema] = {
    "identifier": fields.PATTERN,
    "severities": {
        "type": ["array", "null"],
        "items": {"type": "string", "enum": list(SEVERITIES)},
        "description": "Only these; any, if it is not given.",
    },
}


def _stamp(call: Call) -> dict[str, Any]:
    """Who, and why: a mute that nobody remembers is an alarm that nobody hears."""
    return {"by": call.who.user, "reason": call.requester.reason}


Mutes = resource(Kind(sections.MUTES, "mute", _PROPERTIES, dict, ("expires_in",), stamp=_stamp))
