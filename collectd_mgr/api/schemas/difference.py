# SPDX-License-Identifier: Apache-2.0
"""What a difference between two configurations means for each plugin."""

from __future__ import annotations

from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.fields import Schema
from collectd_mgr.domain import difference

PLUGINS: Schema = {
    "type": "array",
    "items": fields.record(
        {
            "plugin": {"type": "string", "description": "Empty for what is about none (global)."},
            "change": {
                "enum": list(difference.CHANGES),
                "description": "It is loaded, or is no more; its block, or its own interval, is another one; or it is "
                "a global option, a filter chain or the like.",
            },
            "before": {**fields.NULLABLE_NUMBER, "description": "Of an interval, in seconds; null: the daemon's."},
            "after": fields.NULLABLE_NUMBER,
        }
    ),
    "description": "Which plugins differ, and how.",
}
