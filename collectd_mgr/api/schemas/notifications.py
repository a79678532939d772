# SPDX-License-Identifier: Apache-2.0
"""collectd's notifications."""

from __future__ import annotations

from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.hosts import LABEL_FILTER
from collectd_mgr.db.notifications import SORT_KEYS
from collectd_mgr.domain.notifications import MESSAGE_LIMIT, SEVERITIES

_SEVERITY = {"type": "string", "enum": list(SEVERITIES)}
_PART = {"type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[^/\\n]*$"}

NOTIFICATION = fields.record(
    {
        "id": fields.STRING,
        "host": {"type": "string", "description": "Whose agent sent it."},
        "number": {"type": "integer", "description": "Of those of one host; a later one has a higher number."},
        "severity": _SEVERITY,
        "message": {"type": "string", "description": "Secrets masked."},
        "time": {**fields.TIME, "description": "By the host's clock; of the last one, where there are several."},
        "since": {**fields.TIME, "description": "Of the first one."},
        "count": {"type": "integer", "description": "How many there were that said the same."},
        "identifier": {"type": "string", "description": "Of the metric it is about; what it does not name is empty."},
        "plugin": fields.STRING,
        "type": fields.STRING,
        "meta": {"type": "object", "description": "What the plugin put beside it, for example the threshold."},
        "muted": {**fields.NULLABLE_STRING, "description": "The mute that kept it from being published."},
        "received_at": fields.TIME,
    },
    "What collectd on a host said.",
)

LIST = fields.listed("notifications", NOTIFICATION)

_FILTERS = {
    "severity": _SEVERITY,
    "plugin": fields.STRING,
    "muted": fields.BOOLEAN,
    "since": {"type": "string", "description": "ISO 8601; without a zone, UTC."},
}

QUERY = fields.paged(SORT_KEYS, **_FILTERS)
QUERY_OF_ALL = fields.paged(SORT_KEYS, host=fields.STRING, label=LABEL_FILTER, **_FILTERS)

TEST = fields.request(
    {
        "severity": _SEVERITY,
        "message": {"type": "string", "minLength": 1, "maxLength": MESSAGE_LIMIT},
        "plugin": {**_PART, "description": "collectd_mgr, if it is not given."},
        "plugin_instance": _PART,
        "type": {**_PART, "description": "One that the host's types.db has; gauge, if it is not given."},
        "type_instance": _PART,
    },
    ("severity", "message"),
)
SENT = fields.record({"notification": {"type": "object", "description": "As it was put in."}})
