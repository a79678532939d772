# SPDX-License-Identifier: Apache-2.0
"""What is in the cache of a daemon."""

from __future__ import annotations

from collections.abc import Mapping

from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.ring import SINCE
from collectd_mgr.domain.metrics import STATES
from collectd_mgr.domain.reads import OUTCOMES

_ID = {"type": "string", "description": "host/plugin-instance/type-instance"}

_METRIC = {
    "id": _ID,
    "interval": fields.NULLABLE_NUMBER,
    "last_update": {"type": ["number", "null"], "description": "Seconds since 1970, by the host's clock."},
    "age": {"type": ["number", "null"], "description": "Seconds since then, by the server's clock."},
    "state": {
        "type": ["string", "null"],
        "enum": [*STATES.values(), None],
        "description": "What a threshold of collectd says of it; unknown where there is none, null where collectd "
        "cannot be asked.",
    },
}

VALUE = fields.record(
    {
        "name": fields.STRING,
        "type": fields.STRING,
        "value": {"type": ["number", "null"]},
        "rate": {"type": ["number", "null"]},
    }
)

_SINCE = {"type": "number", "description": "Only of what is missing: seconds since 1970, by the host's clock."}

_MISSING = {
    "type": ["integer", "null"],
    "description": "How many metrics were there and are gone; state=missing lists them. The agent remembers the last "
    "10,000 of a day, and looks as often as it reports.",
}


def _listed(key: str, more: Mapping[str, fields.Schema]) -> fields.Schema:
    row = fields.record({**_METRIC, **more})
    page = fields.listed(key, {**row, "properties": {**row["properties"], "missing_since": _SINCE}})
    return fields.record({**page["properties"], "missing": _MISSING})


METRICS = _listed("metrics", {})
VALUES = _listed("values", {"values": {"type": "array", "items": VALUE}})

QUERY = fields.paged(
    plugin=fields.STRING,
    type=fields.STRING,
    match={"type": "string", "maxLength": 1024, "description": "A regular expression, found in the identifier."},
    state={"type": "string", "enum": [*STATES.values()]},
)

VALUES_QUERY = {**QUERY, "properties": {**QUERY["properties"], "since": SINCE}}

FLUSH = fields.request(
    {
        "plugin": fields.STRING,
        "identifier": _ID,
        "timeout": {
            "type": "number",
            "minimum": 0,
            "maximum": 366 * 86400,
            "description": "Only data older than this, in seconds.",
        },
    }
)
FLUSHED = fields.record(
    {
        "plugins": {
            "type": "array",
            "items": fields.record(
                {
                    "plugin": {"type": ["string", "null"], "description": "Null where all were asked and none tells."},
                    "callback": {"type": ["string", "null"], "description": "The name of its flush callback."},
                    "outcome": {"type": "string", "enum": [*OUTCOMES]},
                    "detail": {"type": ["string", "null"], "description": "Why not, in a sentence."},
                },
                "What became of it: flushed; failed, when the plugin said so; cannot, for a plugin that writes and "
                "holds nothing back, or is not loaded; asked, where nobody tells.",
            ),
        }
    }
)
