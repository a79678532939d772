# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd host …``: the hosts, their labels and modes, and the daemon as a whole."""

from __future__ import annotations

import argparse
import time
from typing import Any

from osc_lib.cli import parseractions
from osc_lib.command import command
from osc_lib.exceptions import CommandError

from collectd_mgr.cli import changes, columns, paging, program, waiting
from collectd_mgr.cli.client import Client, MayPass, client_of, path
from collectd_mgr.cli.examples import examples
from collectd_mgr.cli.labels import label
from collectd_mgr.cli.reporting import Reporting, Row

#: What a clock may be found to be.
CLOCKS = ("unknown", "good", "ahead", "behind", "refusing")

_LISTED = {
    "Name": "name",
    "Status": "status",
    "Mode": "mode.mode",
    "In Sync": "in_sync",
    "Driver": "driver",
    "Generation": "generation.n",
    "Clock": "clock",
    "Labels": "labels",
}


_SHOWN = {
    "name": "name",
    "description": "description",
    "labels": "labels",
    "status": "status",
    "heartbeat_at": "heartbeat_at",
    "mode": "mode.mode",
    "live": "mode.live",
    "mode_reason": "mode.reason",
    "mode_set_by": "mode.set_by",
    "generation": "generation.n",
    "applied_generation": "applied_generation.n",
    "in_sync": "in_sync",
    "outcome": "outcome",
    "error": "error",
    "failed_attempt": "failed_attempt",
    "warnings": "warnings",
    "drift": "drift",
    "driver": "driver",
    "quarantine": "quarantine",
    "leases": "leases",
    "pid": "daemon.pid",
    "collectd_version": "daemon.version",
    "last_gap": "daemon.gap",
    "clock": "clock",
    "clock_offset": "clock_offset",
    "clock_error": "clock_error",
    "created_at": "created_at",
    "id": "id",
}


class ListHosts(command.Lister):
    """List hosts"""

    rules = ("collectd_mgr:hosts:list",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            "--label",
            metavar="<key=value>",
            type=label,
            action="append",
            help="Only hosts with this label (repeatable)",
        )
        parser.add_argument("--status", choices=("up", "down", "unknown"), help="Only hosts in this state")
        parser.add_argument("--mode", choices=("off", "observe", "manage"), help="Only hosts in this mode")
        parser.add_argument("--driver", metavar="<driver>", help="Only hosts that this driver changed last")
        parser.add_argument(
            "--in-sync", choices=("true", "false"), help="Only hosts that run, or do not, what they should"
        )
        parser.add_argument(
            "--clock", choices=CLOCKS, action="append", help="Only hosts whose clock is so; may be repeated"
        )
        paging.add_options(parser, "name", "created_at", "state", "n")
        examples(
            parser,
            "host list --clock ahead --clock refusing",
            "host list --label rack=r12 --status up --sort created_at:desc",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        wanted = {key: getattr(parsed_args, key) for key in ("label", "status", "mode", "driver", "in_sync", "clock")}
        hosts = client_of(self).items(path("hosts"), "hosts", parsed_args.limit, **wanted, **parsed_args.sort)
        return columns.table(hosts, _LISTED)


class ShowHost(command.ShowOne):
    """Show a host: what it should run and what it runs"""

    rules = ("collectd_mgr:hosts:get",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _host_parser(super().get_parser(prog_name))
        examples(parser, "host show cn1.example.org")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        answer = client_of(self).get(path("hosts", parsed_args.host)).json()
        return columns.sheet(answer["host"], _SHOWN)


class SetHost(Reporting, command.ShowOne):
    """Set labels, description or mode of a host, or clear the quarantine of its live driver"""

    rules = ("collectd_mgr:hosts:get", "collectd_mgr:hosts:update")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _host_parser(super().get_parser(prog_name))
        parser.add_argument(
            "--label",
            metavar="<key=value>",
            action=parseractions.KeyValueAction,
            help="Set a label; the others stay (repeatable)",
        )
        parser.add_argument("--no-label", metavar="<key>", action="append", help="Remove a label (repeatable)")
        parser.add_argument("--description", metavar="<text>", help="What people should know of this host")
        parser.add_argument("--mode", choices=("off", "observe", "manage"), help="What the agent may do")
        parser.add_argument("--live", choices=("on", "off"), help="Whether the running daemon may be changed live")
        parser.add_argument("--clear-quarantine", action="store_true", help="Let the live driver work again")
        changes.add_change_options(parser)
        examples(
            parser,
            "host set cn1.example.org --mode manage --reason 'adopted'",
            "host set cn1.example.org --label rack=r12 --no-label spare",
            "host set cn1.example.org --live off --reason INC-12",
            "host set cn1.example.org --clear-quarantine",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        client, address = client_of(self), path("hosts", parsed_args.host)
        answer = client.patch(address, json=_patch(parsed_args)).json()
        operation = answer["operation"]
        if operation and parsed_args.wait:
            until = time.monotonic() + parsed_args.timeout
            (operation,) = waiting.settled(client, [operation], parsed_args.timeout)
            answer = afterwards(client, address, operation, until - time.monotonic())
        if operation and changes.ended_badly(operation, parsed_args.wait):
            self.failed = True
            self.log.error("%s", changes.said(operation))
        return columns.sheet(answer["host"], _SHOWN)


class DeleteHost(Reporting):
    """Forget hosts that are gone; one that is up is only forgotten with --force, and comes back with nothing set"""

    rules = ("collectd_mgr:hosts:delete",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("hosts", metavar="<host>", nargs="+", help="Name of the host")
        parser.add_argument(
            "--force",
            action="store_true",
            help="Though it is up: what was set there is switched off when it comes back",
        )
        examples(parser, "host delete cn7.example.org")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> None:
        query = {"force": "true"} if parsed_args.force else {}

        def forget(host: str) -> list[Row]:
            client_of(self).delete(path("hosts", host), params=query)
            return []

        list(self.each(parsed_args.hosts, forget))


class ReloadHost(changes.Change):
    """Read the operator's own files again and apply the difference"""

    rules = ("collectd_mgr:hosts:reload",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _changed(super().get_parser(prog_name))
        examples(parser, "host reload cn1.example.org --wait")
        return parser

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        return dict(client.post(path("hosts", host, "reload"), json=body).json())


class RestartHost(changes.Change):
    """Restart collectd itself on hosts"""

    rules = ("collectd_mgr:hosts:restart",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _anew(super().get_parser(prog_name))
        examples(parser, "host restart cn1.example.org cn2.example.org --reason INC-12")
        return parser

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        return dict(client.post(path("hosts", host, "restart"), json={**program.asked(args), **body}).json())


class ReplaceHost(changes.Change):
    """Have a new collectd take the place of the one that runs on hosts: no sample is lost"""

    rules = ("collectd_mgr:hosts:replace",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _anew(super().get_parser(prog_name))
        examples(
            parser,
            "host replace cn1.example.org --reason INC-12 --wait",
            "host replace cn1.example.org --binary /opt/collectd-5.13/sbin/collectd --wait",
        )
        return parser

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        return dict(client.post(path("hosts", host, "replace"), json={**program.asked(args), **body}).json())


def afterwards(client: Client, address: str, operation: dict[str, Any], timeout: float) -> dict[str, Any]:
    """The host after the operation. :raises CommandError: with what became of that, where the host is not told"""
    try:
        return waiting.read(client, address, timeout)
    except MayPass as error:
        raise CommandError(f"{changes.said(operation)} The host as it is now cannot be told: {error}") from error


def _host_parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("host", metavar="<host>", help="Name of the host")
    return parser


def _changed(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("hosts", metavar="<host>", nargs="+", help="Name of the host")
    changes.add_change_options(parser)
    return parser


def _anew(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    program.add_options(_changed(parser))
    return parser


def _patch(args: argparse.Namespace) -> dict[str, Any]:
    body = {**_mode(args), **_labels(args)}
    if args.description is not None:
        body["description"] = args.description
    if args.clear_quarantine:
        body["quarantine"] = None
    if not body:
        raise CommandError("Nothing to set: see --help for what can be.")
    return {**changes.why(args), **body}


def _mode(args: argparse.Namespace) -> dict[str, Any]:
    given = {"mode": args.mode, "live": None if args.live is None else args.live == "on"}
    wanted = {key: value for key, value in given.items() if value is not None}
    return {"mode": {**wanted, "reason": args.reason or ""}} if wanted else {}


def _labels(args: argparse.Namespace) -> dict[str, Any]:
    labels = {**(args.label or {}), **dict.fromkeys(args.no_label or ())}
    return {"labels": labels} if labels else {}
