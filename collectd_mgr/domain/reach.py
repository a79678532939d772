# SPDX-License-Identifier: Apache-2.0
"""Which metrics a setting falls on: a threshold, or a choice of samples or of the ring. Pure."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Mapping
from typing import Any

from collectd_mgr.domain import sections

#: The sections of such settings.
SECTIONS = (sections.RING, sections.SAMPLES, sections.THRESHOLDS)


def expression(section: str, setting: Mapping[str, Any]) -> re.Pattern[str]:
    """Matches, as a whole, the identifiers of the metrics that a setting of one of :data:`SECTIONS` falls on."""
    if section == sections.THRESHOLDS:
        return re.compile(_judged(setting), re.DOTALL)
    return re.compile(fnmatch.translate(str(setting.get("identifier") or "*")))


def _judged(setting: Mapping[str, Any]) -> str:
    """Whatever a threshold does not name may be anything; collectd may still judge by one that names more."""
    host, plugin, plugin_instance, type_, type_instance = (
        re.escape(str(setting.get(part) or ""))
        for part in ("host", "plugin", "plugin_instance", "type", "type_instance")
    )
    of_plugin = f"{plugin}{_instance(plugin_instance, '[^/]*')}" if plugin else "[^/]+"
    return f"{host or '[^/]+'}/{of_plugin}/{type_}{_instance(type_instance, '.*')}"


def _instance(named: str, otherwise: str) -> str:
    return f"-{named}" if named else f"(?:-{otherwise})?"
