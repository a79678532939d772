# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd metric list`` and ``value list``: what is in the cache of the daemons."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from osc_lib.command import command

from collectd_mgr.cli import changes, columns, units
from collectd_mgr.cli.client import Client, client_of, path
from collectd_mgr.cli.columns import Columns
from collectd_mgr.cli.examples import examples
from collectd_mgr.cli.reporting import Reporting

_SEEN = {"Last Update": "last_update", "Age": "age", "State": "state"}
_METRICS = {"Host": "host", "Identifier": "id", "Interval": "interval", **_SEEN}
_VALUES = {"Host": "host", "Identifier": "id", "Name": "name", "Value": "value", "Rate": "rate", **_SEEN}

#: collectd's states of a metric, and what only the agent remembers.
_MISSING = "missing"
_STATES = ("unknown", "okay", "warning", "failure", _MISSING)


class ListMetrics(Reporting, command.Lister):
    """List the metrics that collectd has in its cache"""

    rules = ("collectd_mgr:metrics:list",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = add_filters(super().get_parser(prog_name))
        examples(parser, "metric list --host cn1.example.org --plugin cpu")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        client = client_of(self)
        rows = self.each(parsed_args.hosts, lambda host: listed(client, host, "metrics", parsed_args))
        return columns.table(map(_timed, rows), _columns(_METRICS, parsed_args))


class ListValues(Reporting, command.Lister):
    """List the values in collectd's cache, or those that a host kept: a row for each data source"""

    rules = ("collectd_mgr:values:list",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = add_filters(super().get_parser(prog_name))
        parser.add_argument(
            "--since",
            metavar="<time>",
            type=units.moment,
            help=f"What the host kept (see ring set) from this time on: {units.MOMENT}; not with --match or --state",
        )
        examples(
            parser,
            "value list --host cn1.example.org --plugin memory",
            "value list --host cn1 --host cn2 --match '/load/load$' -f json",
            "value list --host cn1 --plugin cpu --since 2026-11-22T18:00:00Z",
            "value list --host cn1 --plugin cpu --since 15m",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        client, since = client_of(self), parsed_args.since
        rows = self.each(parsed_args.hosts, lambda host: listed(client, host, "values", parsed_args, since=since))
        # What is missing has no values, and is shown all the same.
        values = ({**row, **value} for row in map(_timed, rows) for value in row["values"] or [{}])
        return columns.table(values, _columns(_VALUES, parsed_args))


class PublishValues(Reporting, command.Lister):
    """Have values that hosts kept (see ring set) published as samples; asked twice, they go twice"""

    rules = ("collectd_mgr:values:publish",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        changes.add_hosts(parser)
        parser.add_argument(
            "--since",
            metavar="<time>",
            type=units.moment,
            required=True,
            help=f"From this time on: {units.MOMENT}",
        )
        parser.add_argument("--plugin", metavar="<plugin>", help="Only of this plugin")
        parser.add_argument("--type", metavar="<type>", help="Only of this type of types.db")
        examples(parser, "value publish --host cn1.example.org --since 2026-11-22T18:00:00Z")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        given = {key: getattr(parsed_args, key) for key in ("since", "plugin", "type")}
        body = {key: value for key, value in given.items() if value is not None}
        client = client_of(self)
        orders = self.each(
            parsed_args.hosts, lambda host: [client.post(path("hosts", host, "values", "publish"), json=body).json()]
        )
        return columns.table(orders, {"Host": "host", "Orders": "orders"})


def _columns(columns: Columns, args: argparse.Namespace) -> Columns:
    return {**columns, "Missing Since": "missing_since"} if args.state == _MISSING else columns


def add_filters(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The hosts, and which of their metrics: what :func:`listed` asks for."""
    changes.add_hosts(parser)
    parser.add_argument("--plugin", metavar="<plugin>", help="Only of this plugin")
    parser.add_argument("--type", metavar="<type>", help="Only of this type of types.db")
    parser.add_argument("--match", metavar="<regex>", help="Only identifiers in which this regular expression is found")
    parser.add_argument(
        "--state",
        choices=_STATES,
        help="Only those in this state: what a threshold of collectd says of them; missing: were there, and are gone",
    )
    parser.add_argument("--limit", metavar="<n>", type=units.count, help="At most this many metrics of each host")
    return parser


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    times = {name: row.get(name) for name in ("last_update", "missing_since")}
    return {**row, **{name: None if time is None else columns.TimeColumn(time) for name, time in times.items()}}


def listed(client: Client, host: str, key: str, args: argparse.Namespace, **more: Any) -> Iterator[dict[str, Any]]:
    """The ``metrics`` or ``values`` of a host."""
    wanted = {"plugin": args.plugin, "type": args.type, "match": args.match, "state": args.state, **more}
    return client.items(path("hosts", host, key), key, args.limit, **wanted)
