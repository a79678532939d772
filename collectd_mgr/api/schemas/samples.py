# SPDX-License-Identifier: Apache-2.0
"""What a choice of samples holds."""

from __future__ import annotations

from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.fields import Schema

PROPERTIES: dict[str, Schema] = {
    "identifier": fields.PATTERN,
    "interval": fields.EVERY,
    "rates": {"type": ["boolean", "null"], "description": "Counters as rates too, as <name>.rate; true if absent."},
}
