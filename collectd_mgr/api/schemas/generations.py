# SPDX-License-Identifier: Apache-2.0
"""The history of a host's spec."""

from __future__ import annotations

from collectd_mgr.api.schemas import difference, fields

_ROW = {
    "n": fields.INTEGER,
    "epoch": fields.STRING,
    "action": fields.STRING,
    "plugin": fields.STRING,
    "setting": fields.STRING,
    "expires_in": fields.NULLABLE_NUMBER,
    "summary": fields.STRING,
    "outcome": fields.NULLABLE_STRING,
    "user": fields.STRING,
    "project": fields.STRING,
    "request_id": fields.STRING,
    "reason": fields.STRING,
    "rollback_of": fields.NULLABLE_INTEGER,
    "created_at": fields.TIME,
}

_WHOLE = {
    **_ROW,
    "layers": {"type": "array", "items": {"type": "object"}, "description": "Secrets masked."},
    "mode": {"type": ["object", "null"]},
    "diff": {"type": "string", "description": "To the generation before it."},
    "plugins": difference.PLUGINS,
}

LIST = fields.listed("generations", fields.record(_ROW))
ONE = fields.record({"generation": fields.record(_WHOLE)})
QUERY = fields.paged(("n", "created_at"), marker={"type": "integer"})
