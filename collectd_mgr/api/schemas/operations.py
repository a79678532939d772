# SPDX-License-Identifier: Apache-2.0
"""Operations, and the answer of every write."""

from __future__ import annotations

from collectd_mgr.api.schemas import fields
from collectd_mgr.db.operations import SORT_KEYS
from collectd_mgr.domain.operations import STATES

STATE = {
    "type": "string",
    "enum": list(STATES),
    "description": " ".join(f"{state.name}: {state.meaning}" for state in STATES.values()),
}

OPERATION = fields.record(
    {
        "id": fields.STRING,
        "host": fields.STRING,
        "plugin": fields.STRING,
        "setting": {"type": "string", "description": "The name in its section of what was changed, if anything."},
        "expires_in": {**fields.NULLABLE_NUMBER, "description": "Seconds, for what holds only for a while."},
        "action": fields.STRING,
        "state": STATE,
        "user": fields.STRING,
        "project": fields.STRING,
        "request_id": fields.STRING,
        "reason": fields.STRING,
        "generation": fields.GENERATION,
        "from_generation": fields.INTEGER,
        "driver": {**fields.NULLABLE_STRING, "description": "Who did it, or failed to; null: nothing had to be done."},
        "error": {"type": ["object", "null"], "description": "code, detail and facts, as the agent has them."},
        "warnings": {"type": "array", "items": fields.STRING, "description": "collectd's own."},
        "created_at": fields.TIME,
        "updated_at": fields.TIME,
        "links": {"type": "array", "items": fields.record({"rel": fields.STRING, "href": fields.STRING})},
    },
    "Who asked for what and why, and what became of it.",
)

ONE = fields.record({"operation": OPERATION})
LIST = fields.listed("operations", OPERATION)

QUERY = fields.paged(
    SORT_KEYS,
    host=fields.STRING,
    user=fields.STRING,
    state={"type": "string", "enum": list(STATES)},
    plugin=fields.STRING,
    since=fields.STRING,
)

#: The body of an action.
ACTION = fields.request({"reason": fields.REASON, "generation": fields.SEEN})
