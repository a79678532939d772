# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd mute …``: notifications that are kept and not published, for a time."""

from __future__ import annotations

from collectd_mgr.cli import sections
from collectd_mgr.cli.sections import Kind

KIND = Kind(
    "mutes",
    "mute",
    "mute",
    {
        "identifier": (str, "Shell pattern of the metrics they are about, host/plugin-instance/type-instance"),
        "severities": (lambda text: text.split(","), "Only these, with commas between: okay, warning, failure"),
    },
    "maintenance --host cn1.example.org --identifier '*' --for 2h --reason INC-12",
)


class ListMutes(sections.ListSettings):
    """List the mutes of hosts"""

    kind = KIND


class ShowMute(sections.ShowSetting):
    """Show a mute: what it covers, who wanted it and why, and when it ends"""

    kind = KIND


class SetMute(sections.SetSetting):
    """Mute notifications of hosts for a time (--for): they are kept and shown, and not published"""

    kind = KIND


class UnsetMute(sections.UnsetSetting):
    """End a mute"""

    kind = KIND
