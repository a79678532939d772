# SPDX-License-Identifier: Apache-2.0
"""What is held back on a host, and how much it may be."""

from __future__ import annotations

from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.operations import OPERATION
from collectd_mgr.domain import queue

_COUNT = {"type": ["integer", "null"], "minimum": 1, "maximum": queue.MOST}

QUEUE = {
    "type": ["object", "null"],
    "properties": {
        "high": {
            **_COUNT,
            "type": "integer",
            "description": "From here on collectd drops values, the more the fuller its queue is.",
        },
        "low": {**_COUNT, "description": "Below this it drops none; half of high, and 1 at least, if absent."},
    },
    "required": ["high"],
    "additionalProperties": False,
    "description": "collectd's write queue, in value lists; null for what the operator's own files say.",
}

SPOOL = {
    "type": ["object", "null"],
    "properties": {"bytes": {"type": "integer", "minimum": 256 * 1024, "maximum": 1 << 40}},
    "required": ["bytes"],
    "additionalProperties": False,
    "description": "What the agent keeps on its disk while the bus is away; null for what its configuration says.",
}

SET = fields.request(
    {
        "write_queue": QUEUE,
        "spool": SPOOL,
        "expires_in": fields.EXPIRES_IN,
        "reason": fields.REASON,
        "generation": fields.SEEN,
    },
    ("write_queue", "spool"),
)

_LIMITS = {"type": "object", "properties": {"write_queue": QUEUE, "spool": SPOOL}}

BUFFER = fields.record(
    {
        "desired": _LIMITS,
        "effective": {
            **_LIMITS,
            "description": "What is set here and in force. Nothing, as host and origin, until the host has said it.",
        },
        "host": {
            "type": "object",
            "properties": {"write_queue": QUEUE},
            "description": "What the operator's own collectd.conf says; it holds where nothing is set here.",
        },
        "origin": {
            "type": "object",
            "properties": {"write_queue": {"enum": ["managed", "host", None]}},
            "description": "Whose limits are in force; null for none: the queue is not bounded.",
        },
        "use": {
            "type": ["object", "null"],
            "description": "Of the agent: how full its spools and its ring are (bytes), for "
            "each reader what waits and what was dropped; of collectd: the length of its write queue and what it "
            "dropped, where it counts them (CollectInternalStats). null for an agent that does not answer.",
        },
    }
)

ONE = fields.record({"buffer": BUFFER})
WRITTEN = fields.record({"operation": OPERATION, "buffer": BUFFER})
