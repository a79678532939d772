# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd notification …``: what collectd said of its own accord."""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib.command import command

from collectd_mgr.cli import changes, columns, paging, units
from collectd_mgr.cli.client import client_of, path
from collectd_mgr.cli.examples import examples
from collectd_mgr.cli.labels import label
from collectd_mgr.cli.reporting import Reporting

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

    rules = ("collectd_mgr:notifications:list", "collectd_mgr:host_notifications:list")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("--host", metavar="<host>", help="Only of this host")
        parser.add_argument(
            "--label",
            metavar="<key=value>",
            dest="labels",
            type=label,
            action="append",
            help="Only of hosts with this label; give it again for further labels",
        )
        parser.add_argument("--severity", choices=_SEVERITIES, help="Only of this severity")
        parser.add_argument("--plugin", metavar="<plugin>", help="Only of this plugin")
        parser.add_argument(
            "--since",
            metavar="<time>",
            type=units.moment,
            help=f"Only from this time on: {units.MOMENT}",
        )
        parser.add_argument("--muted", action=argparse.BooleanOptionalAction, help="Only (not) muted ones")
        paging.add_options(parser, "time", "number", "received_at")
        examples(
            parser,
            "notification list --severity failure --since 1h --limit 10",
            "notification list --host cn1.example.org --plugin df --no-muted",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        wanted: dict[str, Any] = {key: getattr(parsed_args, key) for key in _FILTERS}
        muted = None if parsed_args.muted is None else str(parsed_args.muted).lower()
        client = client_of(self)
        address = path("notifications")
        if parsed_args.host and not parsed_args.labels:
            # Where a host is not known, that is said.
            address = path("hosts", wanted.pop("host"), "notifications")
        wanted |= {"muted": muted, "label": parsed_args.labels, **parsed_args.sort}
        return columns.table(client.items(address, "notifications", parsed_args.limit, **wanted), _LISTED)


class CreateNotification(Reporting, command.Lister):
    """Put a notification in where collectd's own come from, to try the whole way to the pager"""

    rules = ("collectd_mgr:host_notifications:create",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        changes.add_hosts(parser)
        parser.add_argument("message", metavar="<message>", help="What it says")
        parser.add_argument("--severity", choices=_SEVERITIES, required=True, help="How bad it is")
        parser.add_argument("--plugin", metavar="<plugin>", help="Whose it is (default collectd_mgr)")
        parser.add_argument("--plugin-instance", metavar="<instance>", help="And of which instance of it")
        parser.add_argument("--type", metavar="<type>", help="Of which type of types.db (default gauge)")
        parser.add_argument("--type-instance", metavar="<instance>", help="And of which instance of that")
        examples(parser, "notification create --host cn1.example.org --severity failure 'A test, please ignore'")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        names = ("severity", "message", "plugin", "plugin_instance", "type", "type_instance")
        given = {name: getattr(parsed_args, name) for name in names}
        body = {key: value for key, value in given.items() if value is not None}
        client = client_of(self)
        sent = self.each(
            parsed_args.hosts,
            lambda host: [client.post(path("hosts", host, "notifications"), json=body).json()["notification"]],
        )
        shown = {"Host": "host", "Severity": "severity", "Plugin": "plugin", "Message": "message"}
        return columns.table(sent, shown)
