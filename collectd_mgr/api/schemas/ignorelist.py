# SPDX-License-Identifier: Apache-2.0
"""What a rule of the ignorelist holds."""

from __future__ import annotations

from collectd_mgr.api.schemas.fields import Schema
from collectd_mgr.domain import ignorelist
from collectd_mgr.domain.expression import LONGEST


def _expression(part: str) -> Schema:
    about = f"A POSIX extended regular expression that is found in the {part.replace('_', ' ')} of a metric."
    return {"type": ["string", "null"], "maxLength": LONGEST, "description": about}


PROPERTIES: dict[str, Schema] = {
    "action": {
        "enum": [ignorelist.ALLOW, ignorelist.DENY, None],
        "description": "deny (the default): what matches is dropped. allow: what matches is kept, whatever is denied.",
    },
    **{part: _expression(part) for part in ignorelist.PARTS},
}
