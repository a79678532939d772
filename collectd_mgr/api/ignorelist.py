# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/ignorelist``."""

from __future__ import annotations

from collectd_mgr.api.schemas import ignorelist as schemas
from collectd_mgr.api.sections import Kind, resource
from collectd_mgr.domain import ignorelist, sections

KIND = Kind(sections.IGNORELIST, "rule", schemas.PROPERTIES, ignorelist.normal, at_once=True)

Ignorelist = resource(KIND)
