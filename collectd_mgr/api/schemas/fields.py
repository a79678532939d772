# SPDX-License-Identifier: Apache-2.0
"""The parts that other schemas are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectd_mgr.domain import leases, sections

Schema = Mapping[str, Any]

STRING: Schema = {"type": "string"}
NULLABLE_STRING: Schema = {"type": ["string", "null"]}
NUMBER: Schema = {"type": "number"}
NULLABLE_NUMBER: Schema = {"type": ["number", "null"]}
NULLABLE_INTEGER: Schema = {"type": ["integer", "null"]}
BOOLEAN: Schema = {"type": "boolean"}
INTEGER: Schema = {"type": "integer"}
TIME: Schema = {"type": "string", "format": "date-time", "description": "UTC, ISO 8601."}
NULLABLE_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}

#: Of a marker: as long as the longest name of a metric, of which each byte may be written as three characters.
MARKER_LIMIT = 2048

REASON: Schema = {"type": "string", "maxLength": 255, "description": "Why, in the user's words; kept with the change."}

GENERATION: Schema = {
    "type": "object",
    "properties": {"epoch": STRING, "n": INTEGER},
    "required": ["epoch", "n"],
    "additionalProperties": False,
    "description": "The version of a host's spec: n grows within an epoch.",
}

SEEN: Schema = {
    "anyOf": [{"type": "integer", "minimum": 0}, GENERATION],
    "description": "The generation that the client saw; the write is refused (409) when the host has moved on.",
}

ENABLED: Schema = {"type": "boolean", "description": "Whether collectd reads the plugin."}

INTERVAL: Schema = {
    "type": ["number", "null"],
    "minimum": 0.001,
    "maximum": 31_536_000,
    "description": "Seconds between two reads; null for the daemon's own.",
}

EXPIRES_IN: Schema = {
    "type": ["number", "null"],
    "minimum": leases.SHORTEST,
    "maximum": leases.LONGEST,
    "description": "Seconds for which this holds, by the host's own clock; then the host goes back to what it had.",
}

LEASE: Schema = {
    "type": ["object", "null"],
    "properties": {
        "id": STRING,
        "seconds": {"type": "number"},
        "state": {"enum": ["pending", "active", "ended"], "description": "pending: the host has not taken it up."},
        "ends_at": NULLABLE_TIME,
    },
    "description": "If what is desired holds only for a while.",
}

CONFIG: Schema = {
    "type": ["object", "array", "string", "null"],
    "description": "What stands in the Plugin block: as JSON, or as collectd.conf text. Secrets are shown as ********; "
    "sent back, that keeps the secret.",
}

PATTERN: Schema = {
    "type": ["string", "null"],
    "minLength": 1,
    "maxLength": 700,
    "description": "A shell pattern of whole identifiers, host/plugin-instance/type-instance; any if not given.",
}

EVERY: Schema = {
    "type": ["number", "null"],
    "minimum": 1,
    "maximum": 86_400,
    "description": "Seconds between two looks; 10, if absent.",
}

NAME: Schema = {
    "type": "string",
    "pattern": f"^{sections.NAME.pattern}$",
    "description": "Of a setting: short enough for a chain of collectd's, and harmless in any file.",
}

MODE: Schema = {"type": "string", "enum": ["off", "observe", "manage"]}

#: The query of a write without a body.
WHY: Schema = {"reason": REASON, "generation": {"type": "integer", "minimum": 0, "description": SEEN["description"]}}


def record(properties: Mapping[str, Schema], description: str = "", **more: Any) -> Schema:
    """An object of an answer: all of it is always there."""
    about = {"description": description} if description else {}
    return {"type": "object", "properties": properties, "required": list(properties), **about, **more}


def request(properties: Mapping[str, Schema], required: tuple[str, ...] = ()) -> Schema:
    """A body that is sent: nothing but these."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


def query(**properties: Schema) -> Schema:
    return request(properties)


def paged(sort_keys: tuple[str, ...] = (), marker: Schema | None = None, **filters: Schema) -> Schema:
    """The query of a list: its filters, and where in it to be."""
    order: dict[str, Schema] = {}
    if sort_keys:
        order = {
            "sort_key": {"type": "string", "enum": list(sort_keys)},
            "sort_dir": {"type": "string", "enum": ["asc", "desc"]},
        }
    limit = {"type": "integer", "minimum": 1, "description": "More than the API gives at once is taken for that."}
    place = {"limit": limit, "marker": marker or {"type": "string", "maxLength": MARKER_LIMIT}}
    return request({**filters, **place, **order})


def listed(key: str, row: Schema) -> Schema:
    """An answer with rows under ``key``, and links to itself and to the next page."""
    link = record({"rel": STRING, "href": STRING})
    return record({key: {"type": "array", "items": row}, "links": {"type": "array", "items": link}})


ERROR = record(
    {
        "status": INTEGER,
        "code": {"type": "string", "description": "Stable; see the list of error codes."},
        "title": STRING,
        "detail": STRING,
        "request_id": STRING,
    },
    "An error; further members are facts for programs.",
)

ERRORS = record({"errors": {"type": "array", "items": ERROR}})
