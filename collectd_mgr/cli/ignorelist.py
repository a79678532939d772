# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd ignore …``: metrics that collectd drops."""

from __future__ import annotations

from collectd_mgr.cli import sections
from collectd_mgr.cli.sections import Kind

KIND = Kind(
    "ignorelist",
    "rule",
    "ignore",
    {
        "action": (str, "deny (the default): drop what matches; allow: keep what matches, whatever is denied"),
        "host": (str, "Expression for the host name of a metric"),
        "plugin": (str, "Expression for the plugin"),
        "plugin_instance": (str, "Expression for the instance of the plugin"),
        "type": (str, "Expression for the type"),
        "type_instance": (str, "Expression for the instance of the type"),
    },
    "veth --host cn1.example.org --plugin '^interface$' --plugin-instance '^(veth|tap)'",
)


class ListRules(sections.ListSettings):
    """List the rules by which hosts ignore metrics"""

    rules = ("collectd_mgr:ignorelist:list",)
    kind = KIND


class ShowRule(sections.ShowSetting):
    """Show a rule of the ignorelist, and how many metrics it was seen to match"""

    rules = ("collectd_mgr:ignorelist:get",)
    kind = KIND


class SetRule(sections.SetSetting):
    """Set a rule of the ignorelist, whole; its expressions are POSIX extended regular expressions"""

    rules = ("collectd_mgr:ignorelist:set",)
    kind = KIND


class ReplaceRules(sections.ReplaceSettings):
    """Set all rules of the ignorelist at once"""

    rules = ("collectd_mgr:ignorelist:replace",)
    kind = KIND


class UnsetRule(sections.UnsetSetting):
    """Take a rule of the ignorelist away: what it dropped is collected again"""

    rules = ("collectd_mgr:ignorelist:unset",)
    kind = KIND
