# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd host config show``: what collectd's own configuration says on a host."""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib.command import command

from collectd_mgr.cli import columns
from collectd_mgr.cli.client import client_of, path
from collectd_mgr.cli.examples import examples


class ShowConfig(command.ShowOne):
    """Show the configuration of a host: the operator's own part and the managed part"""

    rules = ("collectd_mgr:config:get",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("host", metavar="<host>", help="Name of the host")
        parser.add_argument("--text", action="store_true", help="Nothing but the text, as collectd.conf")
        parser.add_argument(
            "--diff",
            metavar="desired|<n>",
            nargs="?",
            const="desired",
            type=_other,
            help="The difference to the desired spec (the default), or to generation <n>, instead of the text",
        )
        examples(
            parser,
            "host config show cn1.example.org --text",
            "host config show cn1.example.org --diff desired --text",
        )
        return parser

    def run(self, parsed_args: argparse.Namespace) -> int:
        if not parsed_args.text:
            return super().run(parsed_args)
        text, out = self._ask(parsed_args, text="1").text, self.app.stdout
        # In a file it is what collectd is given, to the byte.
        out.write(columns.plain(text) if out.isatty() else text)
        return 0

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        answer = self._ask(parsed_args).json()
        return tuple(answer), tuple(columns.cell(value) for value in answer.values())

    def _ask(self, args: argparse.Namespace, **form: str) -> Any:
        wanted = {"diff": args.diff} if args.diff else {}
        return client_of(self).get(path("hosts", args.host, "config"), params={**wanted, **form})


def _other(text: str) -> str:
    if text != "desired" and not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is neither desired nor the number of a generation")
    return text
