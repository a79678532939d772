# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd plugin …``: what a plugin should do, and what it does."""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib.command import command
from osc_lib.exceptions import CommandError

from collectd_mgr.cli import changes, columns, configuration, units
from collectd_mgr.cli.client import Client, client_of, path
from collectd_mgr.cli.examples import examples
from collectd_mgr.cli.reporting import Reporting

_CHANGED = {
    "Host": "operation.host",
    "Plugin": "operation.plugin",
    "State": "operation.state",
    "Enabled": "plugin.effective.enabled",
    "Interval": "plugin.effective.interval",
    "Health": "plugin.health",
    "Driver": "operation.driver",
    "Operation": "operation.id",
    "Error": "operation.error.detail",
}
_LISTED = {
    "Host": "host",
    "Plugin": "plugin",
    "Desired": "desired.enabled",
    "Effective": "effective.enabled",
    "Interval": "effective.interval",
    "Origin": "origin",
    "Health": "health",
    "Metrics": "metrics",
    "Reason": "reason",
}
_SHOWN = {
    "host": "host",
    "plugin": "plugin",
    "desired": "desired",
    "effective": "effective",
    "origin": "origin",
    "health": "health",
    "last_value": "last_value",
    "metrics": "metrics",
    "reason": "reason",
    "lease": "lease",
}


class ListPlugins(Reporting, command.Lister):
    """List the plugins of hosts: desired beside effective"""

    rules = ("collectd_mgr:plugins:list",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        changes.add_hosts(parser)
        examples(parser, "plugin list --host cn1.example.org")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        client = client_of(self)
        rows = self.each(parsed_args.hosts, lambda host: client.items(path("hosts", host, "plugins"), "plugins"))
        return columns.table(rows, _LISTED)


class ShowPlugin(command.ShowOne):
    """Show a plugin of a host: desired beside effective, health, last value"""

    rules = ("collectd_mgr:plugins:get",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("plugin", metavar="<plugin>", help="Name of the plugin, as in LoadPlugin")
        parser.add_argument("--host", metavar="<host>", required=True, help="Name of the host")
        parser.add_argument("--text", action="store_true", help="The configuration as collectd.conf text, not as JSON")
        examples(parser, "plugin show cpu --host cn1.example.org")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        form = "text" if parsed_args.text else "json"
        plugin = client_of(self).plugin(parsed_args.host, parsed_args.plugin, config_format=form)
        return columns.sheet({"host": parsed_args.host, **plugin}, _SHOWN)


class _Change(changes.Change):
    shown = _CHANGED

    def outcome(self, client: Client, operation: dict[str, Any], args: argparse.Namespace) -> changes.Answer:
        return {"plugin": client.plugin(operation["host"], args.plugin)}


class EnablePlugin(_Change):
    """Enable a plugin; interval and configuration stay as they are unless given"""

    rules = ("collectd_mgr:plugins:update", "collectd_mgr:plugins:set")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _parser(super().get_parser(prog_name))
        _add_setting(parser)
        parser.add_argument(
            "--whole",
            action="store_true",
            help="Keep nothing of what was set before: what is not given is the host's own",
        )
        examples(
            parser,
            "plugin enable memory --host cn1.example.org --interval 1",
            "plugin enable df --host cn1 --host cn2 --config MountPoint=/ --config MountPoint=/var --wait",
            "plugin enable ping --host cn1 --config-file ping.conf --reason INC-12",
            "plugin enable cpu --host cn1 --interval 1 --for 10m",
            "plugin enable cpu --host cn1 --whole",
        )
        return parser

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        send = client.put if args.whole else client.patch
        return dict(send(_path(host, args), json={"enabled": True, **_setting(args), **body}).json())


class DisablePlugin(_Change):
    """Disable a plugin; interval and configuration are kept for the next enable"""

    rules = ("collectd_mgr:plugins:update",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _parser(super().get_parser(prog_name))
        changes.add_lease(parser)
        examples(
            parser,
            "plugin disable processes --host cn1.example.org --reason 'too slow'",
            "plugin disable processes --host cn1.example.org --for 1h30m",
        )
        return parser

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        return dict(client.patch(_path(host, args), json={"enabled": False, **body}).json())


class SetPlugin(_Change):
    """Set the interval or the configuration of a plugin, without enabling or disabling it"""

    rules = ("collectd_mgr:plugins:update",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _parser(super().get_parser(prog_name))
        _add_setting(parser)
        examples(
            parser,
            "plugin set cpu --host cn1.example.org --interval 2.5",
            "plugin set cpu --host cn1.example.org --config ReportByCpu=false --config ValuesPercentage=true",
        )
        return parser

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        return dict(client.patch(_path(host, args), json={**_something(_setting(args)), **body}).json())


class UnsetPlugin(_Change):
    """Forget what was set for a plugin, or with options a part of it: back to what the host has without it"""

    rules = ("collectd_mgr:plugins:unset", "collectd_mgr:plugins:update")

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _parser(super().get_parser(prog_name))
        parser.add_argument("--interval", dest="parts", action="append_const", const="interval", help="The interval")
        parser.add_argument("--config", dest="parts", action="append_const", const="config", help="The configuration")
        examples(
            parser, "plugin unset cpu --host cn1.example.org", "plugin unset cpu --host cn1.example.org --interval"
        )
        return parser

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        if args.parts:
            _check_set(client.plugin(host, args.plugin)["desired"] or {}, host, args)
            return dict(client.patch(_path(host, args), json={**dict.fromkeys(args.parts), **body}).json())
        return dict(client.delete(_path(host, args), params=body).json())


class RestartPlugin(_Change):
    """Restart a plugin: its reads are stopped and registered again"""

    rules = ("collectd_mgr:plugins:restart",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _parser(super().get_parser(prog_name))
        examples(parser, "plugin restart disk --host cn1.example.org --wait")
        return parser

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        return dict(client.post(_path(host, args, "restart"), json=body).json())


def _parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("plugin", metavar="<plugin>", help="Name of the plugin, as in LoadPlugin")
    changes.add_hosts(parser)
    changes.add_change_options(parser)
    return parser


def _add_setting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--interval",
        metavar="<duration>",
        type=units.seconds,
        help=f"Time between two reads: {units.DURATION}",
    )
    configuration.add_options(parser)
    changes.add_lease(parser)


def _setting(args: argparse.Namespace) -> dict[str, Any]:
    given = {"interval": args.interval, "config": configuration.configuration(args)}
    return {key: value for key, value in given.items() if value is not None}


def _something(setting: dict[str, Any]) -> dict[str, Any]:
    if not setting:
        raise CommandError("Nothing to set: give --interval, --config or --config-file.")
    return setting


def _check_set(desired: dict[str, Any], host: str, args: argparse.Namespace) -> None:
    """To the API it is as good as done: who says it so may have meant another plugin."""
    if all(desired.get(part) is None for part in args.parts):
        raise CommandError(f"No {' and no '.join(args.parts)} is set for {args.plugin} on {host}.")


def _path(host: str, args: argparse.Namespace, *more: str) -> str:
    return path("hosts", host, "plugins", args.plugin, *more)
