# SPDX-License-Identifier: Apache-2.0
"""Hosts, what they can do, and their configuration."""

from __future__ import annotations

from collectd_mgr.api.schemas import difference, fields, program
from collectd_mgr.api.schemas.clock import CLOCK
from collectd_mgr.api.schemas.operations import OPERATION
from collectd_mgr.db.hosts import LABELS_LIMIT, SORT_KEYS
from collectd_mgr.domain import drift

_LABEL = {"type": "string", "maxLength": 255}

_LABELS = {
    "type": "object",
    "propertyNames": {"pattern": "^[A-Za-z0-9_.:-]{1,63}$"},
    "additionalProperties": _LABEL,
    "maxProperties": LABELS_LIMIT,
}

_MODE = fields.record(
    {
        "mode": fields.MODE,
        "live": {"type": "boolean", "description": "Whether changes inside the running daemon are allowed."},
        "reason": fields.STRING,
        "set_by": {"enum": ["default", "server", "file"], "description": "A local file wins."},
    }
)

_NULL = {"type": "null"}

_WANTED_MODE = fields.record(
    {
        **_MODE["properties"],
        "mode": {"anyOf": [fields.MODE, _NULL], "description": "null where only the switch for live was set."},
    }
)

_LEASE = fields.record(
    {**fields.LEASE["properties"], "plugin": fields.STRING, "section": fields.STRING, "setting": fields.STRING},
    "What is desired only for a while, and of what.",
)

_DRIFT = fields.record(
    {
        "kind": {"enum": list(drift.KINDS)},
        "detail": fields.STRING,
        "since": {**fields.NULLABLE_TIME, "description": "Null where the host says no time."},
        "diff": {
            "type": "array",
            "items": fields.STRING,
            "description": "Changes that would end it, or lines of a unified diff.",
        },
        "plugins": difference.PLUGINS,
        "mended": {**fields.NULLABLE_TIME, "description": "When the agent undid it; told until the next change."},
    },
    "What somebody else has done to the daemon or to its configuration.",
)

HOST = fields.record(
    {
        "id": fields.STRING,
        "name": fields.STRING,
        "description": fields.STRING,
        "labels": _LABELS,
        "status": {"enum": ["up", "down", "unknown"]},
        "created_at": fields.TIME,
        "heartbeat_at": fields.NULLABLE_TIME,
        "generation": fields.GENERATION,
        "applied_generation": {"anyOf": [fields.GENERATION, _NULL]},
        "in_sync": {
            "type": "boolean",
            "description": "The host applied the newest generation, and collectd runs, started with the snippet.",
        },
        "outcome": fields.NULLABLE_STRING,
        "error": {"type": ["object", "null"]},
        "failed_attempt": {
            "anyOf": [OPERATION, _NULL],
            "description": "Of one host: the operation that failed last, if nothing was asked since. "
            "The host runs what it ran before.",
        },
        "driver": {**fields.NULLABLE_STRING, "description": "Who made the last change."},
        "daemon": {"type": "object"},
        "mode": {"anyOf": [_MODE, _NULL]},
        "desired_mode": {"anyOf": [_WANTED_MODE, _NULL]},
        "quarantine": fields.NULLABLE_STRING,
        "clock": CLOCK,
        "clock_offset": {
            "type": ["number", "null"],
            "description": "Seconds ahead of the controller, as measured last.",
        },
        "clock_error": {"type": ["number", "null"], "description": "The offset may be off by so many seconds."},
        "leases": {"type": "array", "items": _LEASE},
        "warnings": {"type": "array", "items": fields.STRING},
        "drift": {"type": "array", "items": _DRIFT},
        "links": {"type": "array", "items": fields.record({"rel": fields.STRING, "href": fields.STRING})},
    }
)

ONE = fields.record({"host": HOST})
LIST = fields.listed("hosts", {**HOST, "required": ["name", "status", "labels", "generation", "in_sync"]})
WRITTEN = fields.record({"host": HOST, "operation": {"anyOf": [OPERATION, _NULL]}})

#: The filter of a list by labels.
LABEL_FILTER = {
    "type": "array",
    "items": {"type": "string", "pattern": "="},
    "description": "name=value; all must match.",
}

QUERY = fields.paged(
    SORT_KEYS,
    label=LABEL_FILTER,
    status={"type": "string", "enum": ["up", "down", "unknown"]},
    driver=fields.STRING,
    mode=fields.MODE,
    in_sync={"type": "boolean"},
    clock={"type": "array", "items": CLOCK, "description": "Any of these."},
)

DELETE_QUERY = fields.query(
    force={"type": "boolean", "description": "Though it is up: it comes back with nothing of what was set."}
)

PATCH = fields.request(
    {
        "labels": {
            **_LABELS,
            "additionalProperties": {"anyOf": [_LABEL, _NULL]},
            # All of them may be exchanged for others at once.
            "maxProperties": 2 * LABELS_LIMIT,
            "description": "Those that are absent stay as they are, null takes one away. "
            f"A host has {LABELS_LIMIT} at most.",
        },
        "description": {"type": "string", "maxLength": 255},
        "mode": {
            **fields.request({"mode": fields.MODE, "live": fields.BOOLEAN, "reason": fields.REASON}),
            "minProperties": 1,
        },
        "quarantine": {"type": "null", "description": "null lets the live driver work again."},
        "reason": fields.REASON,
        "generation": fields.SEEN,
    }
)

#: The body of what starts collectd anew.
ANEW = {
    **fields.request({**program.PROPERTIES, "reason": fields.REASON, "generation": fields.SEEN}),
    **program.NOT_BOTH,
}

CAPABILITIES = fields.record(
    {
        "drivers": {"type": "array", "items": {"type": "object"}},
        "plugins": {"type": "array", "items": {"type": "object"}},
        "collectd_version": fields.NULLABLE_STRING,
        "agent_version": fields.NULLABLE_STRING,
    },
    "What the host can do, and why not the rest.",
)

CONFIG = {
    "type": "object",
    "properties": {
        "host": fields.STRING,
        "managed": fields.STRING,
        "diff": fields.STRING,
        "plugins": difference.PLUGINS,
    },
    "description": "The operator's own files and the managed one, or a difference; secrets masked.",
}
CONFIG_QUERY = fields.query(
    text={"type": "string", "description": "Plain text instead of JSON."},
    diff={"type": "string", "pattern": "^(desired|[0-9]{1,17})$"},
)
