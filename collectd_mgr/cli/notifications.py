# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd notification …``: what collectd said of its own accord."""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib.command import command

from collectd_mgr.cli import changes, columns
from collectd_mgr.cli.client import client_of, path
from collectd_mgr.cli.each import EachHost
from collectd_mgr.cli.examples import examples

_SEVERITIES = ("okay", "warning", "failure")

_LISTED = {
    "Host": "host",
    "Time": "time",
    "Severity": "severity",
    "Message": "message",
    "Count": "count",
    "Identifier": "identifier",
    "Muted": "muted",
}

_FILTERS = ("host", "severity", "plugin", "since")


class ListNotifications(command.Lister):
    """List notifications, the latest first"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("--host", metavar="<host>", help="Only of this host")
        parser.add_argument(
            "--label",
            metavar="<name=value>",
            dest="labels",
            action="append",
            help="Only of hosts with this label; give it again for further labels",
        )
        parser.add_argument("--severity", choices=_SEVERITIES, help="Only of this severity")
        parser.add_argument("--plugin", metavar="<plugin>", help="Only of this plugin")
        parser.add_argument("--since", metavar="<time>", help="Only from this time on (ISO 8601)")
        parser.add_argument("--muted", action=argparse.BooleanOptionalAction, help="Only (not) muted ones")
        parser.add_argument("--limit", metavar="<n>", type=int, help="At most this many rows")
        examples(
            parser,
            "notification list --severity failure --limit 10",
            "notification list --host cn1.example.org --plugin df --no-muted",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        wanted = {key: getattr(parsed_args, key) for key in _FILTERS}
        muted = None if parsed_args.muted is None else str(parsed_args.muted).lower()
        client = client_of(self)
        rows = client.items(
            path("notifications"),
            "notifications",
            parsed_args.limit,
            **wanted,
            muted=muted,
            label=parsed_args.labels,
        )
        return columns.table(rows, _LISTED)


class CreateNotification(EachHost, command.Lister):
    """Put a notification in where collectd's own come from, to try the whole way to the pager"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        changes.add_hosts(parser)
        parser.add_argument("message", metavar="<message>", help="What it says")
        parser.add_argument("--severity", choices=_SEVERITIES, required=True, help="How bad it is")
        parser.add_argument("--plugin", metavar="<plugin>", help="Whose it is (default collectd_mgr)")
        examples(parser, "notification create --host cn1.example.org --severity failure 'A test, please ignore'")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        given = {key: getattr(parsed_args, key) for key in ("severity", "message", "plugin")}
        body = {key: value for key, value in given.items() if value is not None}
        client = client_of(self)
        sent = self.each(
            parsed_args.hosts,
            lambda host: [client.post(path("hosts", host, "notifications"), json=body).json()["notification"]],
        )
        shown = {"Host": "host", "Severity": "severity", "Plugin": "plugin", "Message": "message"}
        return columns.table(sent, shown)
