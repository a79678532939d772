# SPDX-License-Identifier: Apache-2.0
"""The commands that every section of named settings has: list, show, set, unset."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from osc_lib.command import command

from collectd_mgr.cli import changes, columns, configuration
from collectd_mgr.cli.client import Client, client_of, path
from collectd_mgr.cli.examples import examples
from collectd_mgr.cli.reporting import Reporting

#: The type of an option's value: ``str``, ``int``, ``float``; ``bool`` for ``--it`` and ``--no-it``.
Option = tuple[Callable[[str], Any], str]


@dataclass(frozen=True)
class Kind:
    """A section as a user knows it.

    :param section: its key and address, ``thresholds``
    :param noun: the key of one, ``threshold``
    :param command: the word in commands
    :param options: of ``set``, by the key of the setting; the help of each
    :param example: what may stand behind ``<command> set``
    """

    section: str
    noun: str
    command: str
    options: Mapping[str, Option]
    example: str
    #: Without these there is none.
    required: tuple[str, ...] = ()
    #: Whether hosts can be chosen by their labels.
    by_label: bool = False

    def path(self, host: str, *name: str) -> str:
        return path("hosts", host, self.section, *name)


def _changed(kind: Kind) -> columns.Columns:
    return {
        "Host": "operation.host",
        "Name": "operation.setting",
        "State": "operation.state",
        "Effective": f"{kind.noun}.effective",
        "Driver": "operation.driver",
        "Operation": "operation.id",
        "Error": "operation.error.detail",
    }


_LISTED = {
    "Host": "host",
    "Name": "name",
    "Desired": "desired",
    "Effective": "effective",
    "Origin": "origin",
    "Ends At": "lease.ends_at",
}
_SHOWN = {key: key for key in ("host", "name", "desired", "effective", "origin", "lease", "facts")}


class ListSettings(Reporting, command.Lister):
    """List what hosts have"""

    kind: Kind

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        changes.add_hosts(parser)
        examples(parser, f"{self.kind.command} list --host cn1.example.org")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        client = client_of(self)
        rows = self.each(parsed_args.hosts, lambda host: client.items(self.kind.path(host), self.kind.section))
        return columns.table(rows, _LISTED)


class ShowSetting(command.ShowOne):
    """Show one"""

    kind: Kind

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = _named(super().get_parser(prog_name))
        parser.add_argument("--host", metavar="<host>", required=True, help="Name of the host")
        examples(parser, f"{self.kind.command} show one --host cn1.example.org")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        answer = client_of(self).get(self.kind.path(parsed_args.host, parsed_args.name)).json()
        return columns.sheet({"host": parsed_args.host, **answer[self.kind.noun]}, _SHOWN)


class _Change(changes.Change):
    kind: Kind

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        self.shown = _changed(self.kind)  # type: ignore[misc]
        parser = _named(super().get_parser(prog_name))
        changes.add_hosts(parser, self.kind.by_label)
        changes.add_change_options(parser)
        return parser

    def outcome(self, client: Client, operation: dict[str, Any], args: argparse.Namespace) -> changes.Answer:
        return dict(client.get(self.kind.path(operation["host"], args.name)).json())


class SetSetting(_Change):
    """Set one, whole"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        changes.add_lease(parser, required="expires_in" in self.kind.required)
        for key, (type_, about) in self.kind.options.items():
            _add(parser, key, type_, about, key in self.kind.required)
        examples(parser, f"{self.kind.command} set {self.kind.example}")
        return parser

    def setting(self, args: argparse.Namespace) -> dict[str, Any]:
        """What was given of it; where nothing need be, that may be nothing."""
        given = {key: getattr(args, f"_{key}") for key in self.kind.options}
        return {key: value for key, value in given.items() if value is not None}

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        return dict(client.put(self.kind.path(host, args.name), json={**self.setting(args), **body}).json())


class ReplaceSettings(changes.Change):
    """Set all of a host at once"""

    kind: Kind

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        changes.add_hosts(parser)
        parser.add_argument(
            "--file",
            metavar="<file>",
            required=True,
            help='All of them as JSON, {"<name>": {…}, …}: what is not there goes, also what is set for a while; '
            "- is the standard input",
        )
        changes.add_change_options(parser)
        examples(parser, f"{self.kind.command} replace --host cn1.example.org --file {self.kind.section}.json")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        # Once for all hosts: it may be the standard input.
        parsed_args.settings = configuration.json_file(parsed_args.file)
        return super().take_action(parsed_args)

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        return dict(client.put(self.kind.path(host), json={self.kind.section: args.settings, **body}).json())


class UnsetSetting(_Change):
    """Take one away"""

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        examples(parser, f"{self.kind.command} unset one --host cn1.example.org")
        return parser

    def send(self, client: Client, host: str, args: argparse.Namespace, body: dict[str, Any]) -> changes.Answer:
        return dict(client.delete(self.kind.path(host, args.name), params=body).json())


def _add(parser: argparse.ArgumentParser, key: str, type_: Callable[[str], Any], about: str, required: bool) -> None:
    word, dest = key.replace("_", "-"), f"_{key}"
    # ``host`` is the name of an option of its own already.
    flag = "--of-host" if key == "host" else f"--{word}"
    if type_ is bool:
        parser.add_argument(flag, dest=dest, action=argparse.BooleanOptionalAction, help=about)
    else:
        parser.add_argument(flag, dest=dest, type=type_, metavar=f"<{word}>", required=required, help=about)


def _named(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("name", metavar="<name>", help="The name that it was given")
    return parser
