# SPDX-License-Identifier: Apache-2.0
"""collectd's plugins that come with a section of settings: what they do is set there, and goes with it."""

from __future__ import annotations

from collections.abc import Mapping

from collectd_mgr import exception
from collectd_mgr.domain import ignorelist, sections, thresholds
from collectd_mgr.domain.spec import PluginSetting

#: The section of each.
SERVANTS: Mapping[str, str] = {
    thresholds.PLUGIN: sections.THRESHOLDS,
    ignorelist.PLUGIN: sections.IGNORELIST,
}


def check_settable(plugin: str) -> None:
    """:raises PluginOfSection: it is one of these"""
    section = SERVANTS.get(plugin.lower())
    if section is not None:
        raise exception.PluginOfSection(
            f"{plugin} has no settings of its own: it comes with those of the section {section}. Set these.",
            plugin=plugin,
            section=section,
        )


def check_setting(plugin: str, setting: PluginSetting, than: PluginSetting | None = None) -> None:
    """Check what is new in ``setting``; ``than`` is what there was, which an earlier release may have let in. A part
    of that, or nothing at all, says nothing new.

    :raises PluginOfSection: as above
    """
    before = than or PluginSetting()
    if setting.over(before) != before:
        check_settable(plugin)
