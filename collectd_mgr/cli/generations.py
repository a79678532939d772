# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd generation …``: every spec that a host ever had, and the way back to one."""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib.command import command

from collectd_mgr.cli import changes, columns, paging
from collectd_mgr.cli.client import Client, client_of, path
from collectd_mgr.cli.examples import examples

_LISTED = {
    "Generation": "n",
    "Summary": "summary",
    "Outcome": "outcome",
    "User": "user",
    "Created": "created_at",
    "Request": "request_id",
    "Reason": "reason",
}


class ListGenerations(command.Lister):
    """List the generations of a host's spec, the latest first"""

    rules = ("collectd_mgr:generations:list",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("--host", metavar="<host>", required=True, help="Name of the host")
        paging.add_options(parser, "n", "created_at")
        examples(parser, "generation list --host cn1.example.org --limit 5")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        address = path("hosts", parsed_args.host, "generations")
        generations = client_of(self).items(address, "generations", parsed_args.limit, **parsed_args.sort)
        return columns.table(generations, _LISTED)


class ShowGeneration(command.ShowOne):
    """Show a generation: its layers, and who made it when and why"""

    rules = ("collectd_mgr:generations:get",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("n", metavar="<n>", type=int, help="Number of the generation")
        parser.add_argument("--host", metavar="<host>", required=True, help="Name of the host")
        examples(parser, "generation show 7 --host cn1.example.org -f yaml")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        address = path("hosts", parsed_args.host, "generations", parsed_args.n)
        generation = client_of(self).get(address).json()["generation"]
        return tuple(generation), tuple(columns.cell(value) for value in generation.values())


class RevertGeneration(changes.Change):
    """Bring a host back to an earlier generation, as a new generation"""

    rules = ("collectd_mgr:generations:revert",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("n", metavar="<n>", type=int, help="Number of the generation to go back to")
        changes.add_hosts(parser)
        changes.add_change_options(parser)
        examples(parser, "generation revert 7 --host cn1.example.org --reason 'as before the change' --wait")
        return parser

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        return dict(client.post(path("hosts", host, "generations", args.n, "revert"), json=body).json())
