# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd buffer …``: how much a host may hold back, how much it does, and what it lost."""

from __future__ import annotations

import argparse
from typing import Any, ClassVar

from osc_lib.command import command
from osc_lib.exceptions import CommandError

from collectd_mgr.cli import changes, columns, units
from collectd_mgr.cli.client import Client, client_of, path
from collectd_mgr.cli.examples import examples

_SHOWN = {
    "host": "name",
    "write_queue": "effective.write_queue",
    "desired_write_queue": "desired.write_queue",
    "host_write_queue": "host.write_queue",
    "write_queue_origin": "origin.write_queue",
    "spool": "effective.spool",
    "desired_spool": "desired.spool",
    "notifications": "use.notifications",
    "samples": "use.samples",
    "ring": "use.ring",
    "collectd": "use.collectd",
}


class ShowBuffer(command.ShowOne):
    """Show the buffers of a host: their limits, what is in them, and what was dropped"""

    rules = ("collectd_mgr:buffer:get",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("--host", metavar="<host>", required=True, help="Name of the host")
        examples(parser, "buffer show --host cn1.example.org")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        found = client_of(self).get(path("hosts", parsed_args.host, "buffer")).json()["buffer"]
        if found["use"] is None:
            self.log.warning("%s: the agent does not answer: what is in its buffers is not known", parsed_args.host)
        return columns.sheet({"name": parsed_args.host, **found}, _SHOWN)


class SetBuffer(changes.Change):
    """Set how much hosts may hold back, whole: what is not given is what their own configuration says"""

    rules = ("collectd_mgr:buffer:set",)
    shown: ClassVar[columns.Columns] = {
        **changes.Change.shown,
        "Write Queue": "buffer.effective.write_queue",
        "Spool": "buffer.effective.spool",
    }

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        changes.add_hosts(parser)
        changes.add_change_options(parser)
        changes.add_lease(parser)
        parser.add_argument("--queue-high", metavar="<n>", type=int, help="collectd drops values above this many")
        parser.add_argument("--queue-low", metavar="<n>", type=int, help="and none below this many (default: half)")
        parser.add_argument(
            "--spool",
            metavar="<size>",
            type=units.size,
            help="What the agent keeps while the bus is away: bytes, or for example 64M",
        )
        parser.add_argument(
            "--default", action="store_true", help="Nothing of the above: all is as the hosts' own configuration says"
        )
        examples(
            parser,
            "buffer set --host cn1.example.org --queue-high 100000 --spool 64M",
            "buffer set --host cn1.example.org --queue-high 100000 --for 2h --reason INC-12",
            "buffer set --host cn1.example.org --default",
        )
        return parser

    def outcome(self, client: Client, operation: dict[str, Any], args: argparse.Namespace) -> changes.Answer:
        return dict(client.get(path("hosts", operation["host"], "buffer")).json())

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        given = {**_limits(args), **body}
        return dict(client.put(path("hosts", host, "buffer"), json=given).json())


def _limits(args: argparse.Namespace) -> dict[str, Any]:
    """:raises CommandError: none is given, or one that would be lost"""
    given = {"high": args.queue_high, "low": args.queue_low}
    queue = {key: limit for key, limit in given.items() if limit is not None}
    if queue and args.queue_high is None:
        raise CommandError("--queue-low is nothing without --queue-high.")
    if (bool(queue) or args.spool is not None) == args.default:
        raise CommandError("Give --queue-high, --spool or both; or --default alone, for what the host's own files say.")
    return {"write_queue": queue or None, "spool": None if args.spool is None else {"bytes": args.spool}}
