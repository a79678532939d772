# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd ring …``: metrics whose recent values the host keeps."""

from __future__ import annotations

from collectd_mgr.cli import sections, units
from collectd_mgr.cli.sections import Kind

KIND = Kind(
    "ring",
    "choice",
    "ring",
    {
        "identifier": (str, "Shell pattern of the metrics, host/plugin-instance/type-instance"),
        "interval": (units.seconds, "Time between two looks (default 10)"),
        "age": (units.seconds, "How long values are kept (default 1h)"),
        "bytes": (units.size, "What this may add to the size of the ring (default 1 MiB)"),
    },
    "cpu --host cn1.example.org --identifier '*/cpu-*/*' --age 2h",
    required=("identifier",),
)


class ListChoices(sections.ListSettings):
    """List the metrics whose recent values hosts keep"""

    rules = ("collectd_mgr:ring:list",)
    kind = KIND


class ShowChoice(sections.ShowSetting):
    """Show a choice of metrics whose recent values are kept"""

    rules = ("collectd_mgr:ring:get",)
    kind = KIND


class SetChoice(sections.SetSetting):
    """Have a host keep recent values of metrics on its own disk"""

    rules = ("collectd_mgr:ring:set",)
    kind = KIND


class UnsetChoice(sections.UnsetSetting):
    """Keep these values no more; what is kept goes"""

    rules = ("collectd_mgr:ring:unset",)
    kind = KIND
