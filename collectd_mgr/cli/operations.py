# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd operation …``: who asked for what, and what became of it."""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib.command import command

from collectd_mgr.cli import columns, paging, units
from collectd_mgr.cli.client import client_of, path
from collectd_mgr.cli.examples import examples

_LISTED = {
    "Operation": "id",
    "Host": "host",
    "Action": "action",
    "Plugin": "plugin",
    "Setting": "setting",
    "State": "state",
    "User": "user",
    "Created": "created_at",
    "Reason": "reason",
}
_SHOWN = {
    "id": "id",
    "host": "host",
    "action": "action",
    "plugin": "plugin",
    "setting": "setting",
    "expires_in": "expires_in",
    "state": "state",
    "error": "error",
    "warnings": "warnings",
    "driver": "driver",
    "generation": "generation.n",
    "from_generation": "from_generation",
    "user": "user",
    "project": "project",
    "request_id": "request_id",
    "reason": "reason",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
_FILTERS = ("host", "user", "state", "plugin", "since")


class ListOperations(command.Lister):
    """List operations, the latest first"""

    rules = ("collectd_mgr:operations:list",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("--host", metavar="<host>", help="Only of this host")
        parser.add_argument("--user", metavar="<id>", help="Only of this user")
        parser.add_argument("--state", metavar="<state>", help="Only in this state")
        parser.add_argument("--plugin", metavar="<plugin>", help="Only of this plugin")
        parser.add_argument(
            "--since",
            metavar="<time>",
            type=units.moment,
            help=f"Only made since then: {units.MOMENT}",
        )
        paging.add_options(parser, "created_at", "updated_at", "host", "plugin", "state")
        examples(parser, "operation list --host cn1.example.org --state failed --limit 10")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        wanted = {key: getattr(parsed_args, key) for key in _FILTERS}
        operations = client_of(self).items(
            path("operations"), "operations", parsed_args.limit, **wanted, **parsed_args.sort
        )
        return columns.table(operations, _LISTED)


class ShowOperation(command.ShowOne):
    """Show an operation: who asked, its state, and why it failed"""

    rules = ("collectd_mgr:operations:get",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("operation", metavar="<operation>", help="Id of the operation")
        examples(parser, "operation show 1f0c3a52-6a39-4f0e-9a55-4b8a3f0f7a10")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        answer = client_of(self).get(path("operations", parsed_args.operation)).json()
        return columns.sheet(answer["operation"], _SHOWN)
