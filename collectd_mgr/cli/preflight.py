# SPDX-License-Identifier: Apache-2.0
"""``plugin test``, ``plugin preview`` and ``host preview``: what would be. Nothing is changed by these."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from osc_lib.command import command
from osc_lib.exceptions import CommandError

from collectd_mgr.cli import changes, columns, configuration, program, units
from collectd_mgr.cli.client import client_of, path
from collectd_mgr.cli.examples import examples
from collectd_mgr.cli.reporting import Reporting, Row

_TRIED = {"Identifier": "id", "Name": "name", "Type": "type", "Value": "value", "Rate": "rate"}

_FORESEEN = {
    "Host": "host",
    "Change": "change",
    "Plugin": "plugin",
    "Setting": "name",
    "Class": "class",
    "Driver": "driver",
    "Series": "after.series",
    "Series Before": "before.series",
    "Samples/s": "after.samples_per_second",
    "Samples/s Before": "before.samples_per_second",
    "Matched": "matched",
    "Refusals": "refusals",
}


class TestPlugin(command.Lister):
    """Try a plugin in a collectd of its own on a host: the values that it would give"""

    rules = ("collectd_mgr:plugins:test",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("plugin", metavar="<plugin>", help="Name of the plugin, as in LoadPlugin")
        parser.add_argument("--host", metavar="<host>", required=True, help="Name of the host")
        parser.add_argument("--interval", metavar="<duration>", type=units.seconds, help="Time between two reads")
        configuration.add_options(parser)
        examples(
            parser,
            "plugin test df --host cn1.example.org --config MountPoint=/",
            "plugin test ping --host cn1.example.org --config-file ping.conf",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        given = {"interval": parsed_args.interval, "config": configuration.configuration(parsed_args)}
        body = {key: value for key, value in given.items() if value is not None}
        address = path("hosts", parsed_args.host, "plugins", parsed_args.plugin, "test")
        tried = client_of(self).post(address, json=body).json()["test"]
        for warning in tried["warnings"]:
            self.log.warning("%s: %s", parsed_args.host, columns.plain(warning))
        rows = ({**row, **value} for row in tried["values"] for value in row["values"])
        return columns.table(rows, _TRIED)


class _Preview(Reporting, command.Lister):
    """What is common to previews: a row for each change; what would be refused, or fail, is said beside them."""

    def foreseen(self, hosts: Sequence[str], wanted: Mapping[str, Any]) -> Any:
        """:param wanted: section: settings by name, as the API takes them"""
        return columns.table(self.each(hosts, lambda host: self._changes(host, wanted)), _FORESEEN)

    def _changes(self, host: str, wanted: Mapping[str, Any]) -> Iterator[Row]:
        found = client_of(self).post(path("hosts", host, "preview"), json=wanted).json()["preview"]
        for problem in found["problems"]:
            self.log.warning("%s: %s [%s]", host, columns.plain(problem["detail"]), problem["code"])
        for line in _cost(found):
            self.log.warning("%s: %s", host, columns.plain(line))
        # A section that changes as a whole is shown setting by setting.
        shown = {f"{setting['section']}.set" for setting in found["settings"]}
        yield from (change for change in found["changes"] if change["change"] not in shown)
        for setting in found["settings"]:
            yield {**setting, "change": f"{setting['section']}.{setting['change']}"}


def _cost(found: Mapping[str, Any]) -> Iterator[str]:
    """What a restart or replacement would come to, and why it would be a restart, in sentences; none where there is
    none, or an API of an earlier release does not say.
    """
    gap = found.get("gap")
    if gap is not None:
        yield from _restarted(gap, found["passed_over"])
    anew = ", ".join(found.get("counters_anew", ()))
    if anew:
        yield f"Counters begin anew, and go back where they are stored as they are: of {anew}."


def _restarted(gap: Mapping[str, Any], passed_over: Mapping[str, str]) -> Iterator[str]:
    long = "for a time that nobody has measured here yet" if gap["seconds"] is None else f"for {gap['seconds']:.2f} s"
    names = ", ".join(row["plugin"] for row in gap["plugins"]) or "no plugin"
    yield f"collectd would be restarted: nothing is read {long} ({names})."
    for driver, reason in passed_over.items():
        yield f"{driver} could not do it: {reason}"
    lost = {state: rows["count"] for state, rows in gap["states_lost"].items() if rows["count"]}
    if lost:
        yield f"What thresholds have found begins anew: {', '.join(f'{n} {state}' for state, n in lost.items())}."


class PreviewPlugin(_Preview):
    """Say what enabling, disabling or setting a plugin would do to hosts, without doing it"""

    rules = ("collectd_mgr:hosts:preview",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("plugin", metavar="<plugin>", help="Name of the plugin, as in LoadPlugin")
        changes.add_hosts(parser)
        state = parser.add_mutually_exclusive_group()
        state.add_argument("--enable", dest="enabled", action="store_true", default=None, help="If it were enabled")
        state.add_argument("--disable", dest="enabled", action="store_false", default=None, help="If it were disabled")
        parser.add_argument("--interval", metavar="<duration>", type=units.seconds, help="Time between two reads")
        configuration.add_options(parser)
        examples(parser, "plugin preview processes --host cn1.example.org --enable --interval 1")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        config = configuration.configuration(parsed_args)
        given = {"enabled": parsed_args.enabled, "interval": parsed_args.interval, "config": config}
        setting = {key: value for key, value in given.items() if value is not None}
        if not setting:
            raise CommandError("Nothing to look at: give --enable, --disable, --interval, --config or --config-file.")
        return self.foreseen(parsed_args.hosts, {"plugins": {parsed_args.plugin: setting}})


class PreviewHost(_Preview):
    """Say what settings of plugins and of all sections together, or another collectd, would do, without doing it"""

    rules = ("collectd_mgr:hosts:preview",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("hosts", metavar="<host>", nargs="+", help="Name of the host")
        parser.add_argument(
            "--file",
            metavar="<file>",
            default=None,
            help='The settings as JSON, {"plugins": {"<plugin>": {"enabled": true, "interval": 10, "config": …}}, '
            '"thresholds": {"<name>": {…} or null}, …}: plugins, thresholds, ignorelist, samples, ring, and buffer; '
            "- is the standard input",
        )
        program.add_options(parser)
        examples(
            parser,
            "host preview cn1.example.org cn2.example.org --file settings.json",
            "host preview cn1.example.org --binary /opt/collectd-5.13/sbin/collectd",
        )
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        wanted = {**(_read(parsed_args.file) if parsed_args.file else {}), **program.asked(parsed_args)}
        if not wanted:
            raise CommandError("Nothing to look at: give --file, --binary, --image or --as-configured.")
        return self.foreseen(parsed_args.hosts, wanted)


def _read(name: str) -> dict[str, Any]:
    """:raises CommandError: it cannot be read, or is something else"""
    found = configuration.json_file(name)
    if not isinstance(found, dict):
        raise CommandError(f'{name}: it must hold an object, {{"plugins": {{…}}, "thresholds": {{…}}, …}}.')
    return found
