# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd cache flush``: write plugins write out what they hold back."""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib.command import command

from collectd_mgr.cli import changes, columns, units
from collectd_mgr.cli.client import client_of, path
from collectd_mgr.cli.examples import examples
from collectd_mgr.cli.reporting import Reporting, Row

_FLUSHED = {"Host": "host", "Plugin": "plugin", "Callback": "callback", "Outcome": "outcome", "Detail": "detail"}

#: What was asked for was done, or nobody can tell.
_WELL = ("flushed", "asked")


class FlushCache(Reporting, command.Lister):
    """Ask the daemons to flush what their write plugins hold back: a row for each plugin, with what became of it

    It fails where a plugin failed, and where nothing that was asked for could flush.
    """

    rules = ("collectd_mgr:flush:post",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        changes.add_hosts(parser)
        parser.add_argument("--plugin", metavar="<plugin>", help="Only this plugin")
        parser.add_argument("--identifier", metavar="<identifier>", help="Only this metric")
        parser.add_argument("--older-than", metavar="<duration>", type=units.seconds, help="Only what is older")
        examples(parser, "cache flush --host cn1.example.org --plugin rrdtool --older-than 60")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        given = {
            "plugin": parsed_args.plugin,
            "identifier": parsed_args.identifier,
            "timeout": parsed_args.older_than,
        }
        body = {key: value for key, value in given.items() if value is not None}
        return columns.table(self.each(parsed_args.hosts, lambda host: self._flush(host, body)), _FLUSHED)

    def _flush(self, host: str, body: dict[str, Any]) -> list[Row]:
        rows: list[Row] = client_of(self).post(path("hosts", host, "flush"), json=body).json()["plugins"]
        outcomes = {row["outcome"] for row in rows}
        self.failed |= "failed" in outcomes or outcomes.isdisjoint(_WELL)
        if not rows:
            self.log.error("%s: no plugin that writes is loaded there.", host)
        return rows
