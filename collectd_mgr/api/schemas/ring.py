# SPDX-License-Identifier: Apache-2.0
"""Recent values on a host."""

from __future__ import annotations

from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.fields import Schema

PROPERTIES: dict[str, Schema] = {
    "identifier": fields.PATTERN,
    "interval": fields.EVERY,
    "age": {
        "type": ["number", "null"],
        "minimum": 1,
        "maximum": 31_536_000,
        "description": "Seconds for which values are kept; an hour, if absent.",
    },
    "bytes": {
        "type": ["integer", "null"],
        "minimum": 1024,
        "maximum": 1 << 40,
        "description": "What its values may take on the disk (256 KiB at least); 1 MiB, if absent.",
    },
}

SINCE = {
    "type": "string",
    "description": "What the host kept (see ring) from this time on, ISO 8601; without a zone, UTC.",
}

PUBLISH = fields.request({"since": SINCE, "plugin": fields.STRING, "type": fields.STRING}, ("since",))
PUBLISHED = fields.record(
    {
        "orders": {
            "type": "integer",
            "description": "Such orders that the host has by now; buffer.use.ring.publishing is 0 when all are done.",
        }
    }
)
