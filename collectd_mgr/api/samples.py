# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/samples``: the metrics that are published."""

from __future__ import annotations

from collectd_mgr.api.schemas import samples as schemas
from collectd_mgr.api.sections import Kind, resource
from collectd_mgr.domain import choices, sections

KIND = Kind(sections.SAMPLES, "sample", schemas.PROPERTIES, choices.normal, ("identifier",))

Samples = resource(KIND)
