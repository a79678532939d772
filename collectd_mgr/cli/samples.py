# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd sample …``: metrics that are published."""

from __future__ import annotations

from collectd_mgr.cli import sections, units
from collectd_mgr.cli.sections import Kind

KIND = Kind(
    "samples",
    "sample",
    "sample",
    {
        "identifier": (str, "Shell pattern of the metrics, host/plugin-instance/type-instance"),
        "interval": (units.seconds, "Time between two samples (default 10)"),
        "rates": (bool, "Counters as rates too"),
    },
    "octets --host cn1.example.org --identifier '*/interface-*/if_octets' --interval 60",
    required=("identifier",),
)


class ListSamples(sections.ListSettings):
    """List which metrics hosts publish"""

    rules = ("collectd_mgr:samples:list",)
    kind = KIND


class ShowSample(sections.ShowSetting):
    """Show a choice of metrics that are published"""

    rules = ("collectd_mgr:samples:get",)
    kind = KIND


class SetSample(sections.SetSetting):
    """Have metrics published as samples"""

    rules = ("collectd_mgr:samples:set",)
    kind = KIND


class UnsetSample(sections.UnsetSetting):
    """Publish these metrics no more"""

    rules = ("collectd_mgr:samples:unset",)
    kind = KIND
