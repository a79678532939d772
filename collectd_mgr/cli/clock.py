# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd host clock …``: the clocks of hosts beside the controller's."""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib.command import command

from collectd_mgr.cli import columns
from collectd_mgr.cli.client import client_of, path
from collectd_mgr.cli.examples import examples
from collectd_mgr.cli.reporting import Reporting

_SHOWN = {
    "host": "host",
    "state": "state",
    "time": "time",
    "controller_time": "controller_time",
    "offset": "offset",
    "error": "error",
    "monotonic": "monotonic",
    "boottime": "boottime",
    "boot_id": "boot_id",
    "interval": "interval",
    "future_metrics": "future_metrics",
    "refused_until": "refused_until",
    "source": "service.source",
    "synchronised": "service.synchronised",
    "reference": "service.reference",
    "stratum": "service.stratum",
    "service_offset": "service.offset",
    "service_error": "service.error",
    "last_update": "service.last_update",
    "silent_services": "silent_services",
    "step_allowed": "step_allowed",
}

_GRID = {"Plugin": "plugin", "Interval": "interval", "Last": "last", "Next": "next"}

_SYNCED = {
    "Host": "host",
    "Source": "sync.source",
    "Request": "sync.request",
    "Measured": "sync.measured",
    "Before": "before.offset",
    "After": "after.offset",
    "Error": "after.error",
    "Left": "after.service.offset",
    "State": "after.state",
}

#: Fields that are moments.
_TIMES = ("time", "controller_time", "refused_until", "last", "next")


class ShowClock(command.ShowOne):
    """Show the clocks of a host beside the controller's, and what its time service says"""

    rules = ("collectd_mgr:clock:get",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _host(super().get_parser(prog_name))
        examples(parser, "host clock show cn1.example.org")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        clock = client_of(self).get(path("hosts", parsed_args.host, "clock")).json()["clock"]
        service = clock["service"] and _timed(clock["service"], "last_update")
        return columns.sheet({"host": parsed_args.host, **_timed(clock, *_TIMES), "service": service}, _SHOWN)


class ListGrid(command.Lister):
    """List when the plugins of a host are read, by its clock"""

    rules = ("collectd_mgr:clock:get",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _host(super().get_parser(prog_name))
        examples(parser, "host clock grid cn1.example.org")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        clock = client_of(self).get(path("hosts", parsed_args.host, "clock")).json()["clock"]
        return columns.table((_timed(line, *_TIMES) for line in clock["grid"]), _GRID)


class SyncClock(Reporting, command.Lister):
    """Have the time service of hosts correct the clock: it is slewed, unless --step is given"""

    rules = ("collectd_mgr:clock:sync",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("hosts", metavar="<host>", nargs="+", help="Name of the host")
        parser.add_argument(
            "--step", action="store_true", help="Set the clock; the agent's own policy has to allow it (allow_step)"
        )
        examples(parser, "host clock sync cn1.example.org", "host clock sync cn1.example.org --step")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        client, body = client_of(self), {"step": parsed_args.step}
        synced = self.each(
            parsed_args.hosts, lambda host: [client.post(path("hosts", host, "clock", "sync"), json=body).json()]
        )
        return columns.table(synced, _SYNCED)


def _host(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("host", metavar="<host>", help="Name of the host")
    return parser


def _timed(item: dict[str, Any], *names: str) -> dict[str, Any]:
    moments = {name: columns.TimeColumn(item[name]) for name in names if item.get(name) is not None}
    return {**item, **moments}
