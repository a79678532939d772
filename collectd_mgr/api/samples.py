# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/samples``: the metrics that are published."""

from __future__ import annotations

from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.fields import Schema
from collectd_mgr.api.sections import Kind, resource
from collectd_mgr.domain import sections

_PROPERTIES: dict[str, Schema] = {
    "identifier": fields.PATTERN,
    "interval": fields.EVERY,
    "rates": {"type": ["boolean", "null"], "description": "Counters as rates too, as <name>.rate; true if absent."},
}

Samples = resource(Kind(sections.SAMPLES, "sample", _PROPERTIES, dict, ("identifier",)))
