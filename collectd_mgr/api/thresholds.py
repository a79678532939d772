# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/thresholds``."""

from __future__ import annotations

from collectd_mgr.api.schemas import thresholds as schemas
from collectd_mgr.api.sections import Kind, resource
from collectd_mgr.domain import sections, thresholds

KIND = Kind(
    sections.THRESHOLDS,
    "threshold",
    schemas.PROPERTIES,
    thresholds.normal,
    ("type",),
    check=thresholds.check,
    at_once=True,
)

Thresholds = resource(KIND)
