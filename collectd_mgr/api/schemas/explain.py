# SPDX-License-Identifier: Apache-2.0
"""Why a metric is missing."""

from __future__ import annotations

from collectd_mgr.api.schemas import fields
from collectd_mgr.domain.explain import LINKS

_ID = {"type": "string", "maxLength": 1024, "description": "host/plugin-instance/type-instance"}

QUERY = fields.request({"id": _ID}, required=("id",))

ONE = fields.record(
    {
        "explanation": fields.record(
            {
                "id": _ID,
                "link": {
                    "type": ["string", "null"],
                    "enum": [*LINKS, None],
                    "description": "The first broken link, in this order; null when none is.",
                },
                "sentence": fields.STRING,
                "facts": {"type": "object", "description": "What shows it."},
            }
        )
    }
)
