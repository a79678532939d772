# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd threshold …``: when collectd raises an alarm."""

from __future__ import annotations

from collectd_mgr.cli import sections
from collectd_mgr.cli.sections import Kind

KIND = Kind(
    "thresholds",
    "threshold",
    "threshold",
    {
        "type": (str, "The metrics' type"),
        "host": (str, "Only metrics of this host name"),
        "plugin": (str, "Only metrics of this plugin"),
        "plugin_instance": (str, "Only of this instance of the plugin"),
        "type_instance": (str, "Only of this instance of the type"),
        "data_source": (str, "Only this data source of the type"),
        "warning_min": (float, "Below it is a warning"),
        "warning_max": (float, "Above it is a warning"),
        "failure_min": (float, "Below it is a failure"),
        "failure_max": (float, "Above it is a failure"),
        "hysteresis": (float, "How far a value must be back within a bound before the state changes"),
        "hits": (int, "How many values in a row must be past a bound, and one more, before one is raised"),
        "persist": (bool, "Raise it with every value, not only when the state changes"),
        "persist_ok": (bool, "With persist: say with every value that all is well, too"),
        "percentage": (bool, "The bounds are percentages of the sum of the data sources"),
        "invert": (bool, "Raise it within the bounds, not beyond them"),
        "interesting": (bool, "Raise it when the metric is missing, which is collectd's default"),
    },
    "cpu-idle --host cn1.example.org --plugin cpu --type percent --type-instance idle --failure-min 5 --hits 3",
    required=("type",),
)


class ListThresholds(sections.ListSettings):
    """List the thresholds of hosts, those of the operator's own files among them"""

    rules = ("collectd_mgr:thresholds:list",)
    kind = KIND


class ShowThreshold(sections.ShowSetting):
    """Show a threshold: desired beside effective"""

    rules = ("collectd_mgr:thresholds:get",)
    kind = KIND


class SetThreshold(sections.SetSetting):
    """Set a threshold, whole: what is not given is collectd's default"""

    rules = ("collectd_mgr:thresholds:set",)
    kind = KIND


class ReplaceThresholds(sections.ReplaceSettings):
    """Set all thresholds of hosts at once: no value is judged by some of the old and some of the new"""

    rules = ("collectd_mgr:thresholds:replace",)
    kind = KIND


class UnsetThreshold(sections.UnsetSetting):
    """Take a threshold away"""

    rules = ("collectd_mgr:thresholds:unset",)
    kind = KIND
