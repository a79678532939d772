# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd capability list``: what a host can do, and why not the rest."""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib.command import command

from collectd_mgr.cli import columns
from collectd_mgr.cli.client import client_of, path
from collectd_mgr.cli.examples import examples

_PLUGINS = {
    "Plugin": "plugin",
    "Kind": "kind",
    "Loadable": "loadable",
    "Live": "live_safe",
    "Exclusive": "exclusive",
    "Why not": "why",
}
_DRIVERS = {"Driver": "driver", "Capabilities": "capabilities", "Missing": "missing"}
_RELEASES = {"Host": "host", "Agent": "agent_version", "collectd": "collectd_version"}


class ListCapabilities(command.Lister):
    """List the plugins that a host has installed, or with an option what its drivers can do, or what runs there"""

    rules = ("collectd_mgr:capabilities:get",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("--host", metavar="<host>", required=True, help="Name of the host")
        instead = parser.add_mutually_exclusive_group()
        instead.add_argument("--drivers", action="store_true", help="The drivers instead of the plugins")
        instead.add_argument(
            "--releases", action="store_true", help="The releases of the agent and of collectd instead of the plugins"
        )
        examples(
            parser, "capability list --host cn1.example.org", "capability list --host cn1.example.org --drivers -f yaml"
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        answer = client_of(self).get(path("hosts", parsed_args.host, "capabilities")).json()
        if parsed_args.releases:
            return columns.table([{"host": parsed_args.host, **answer}], _RELEASES)
        if parsed_args.drivers:
            return columns.table(answer["drivers"], _DRIVERS)
        plugins = ({**plugin, "why": plugin.get("why_not") or plugin.get("reason")} for plugin in answer["plugins"])
        return columns.table(plugins, _PLUGINS)
