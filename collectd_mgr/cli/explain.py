# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd metric explain``: why is it missing?"""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib.command import command

from collectd_mgr.cli import columns
from collectd_mgr.cli.client import client_of, path
from collectd_mgr.cli.examples import examples

_SHOWN = {"id": "id", "link": "link", "sentence": "sentence", "facts": "facts"}


class ExplainMetric(command.ShowOne):
    """Say why a metric is missing: the first broken link on its way from the plugin to the bus"""

    rules = ("collectd_mgr:explain:get",)

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument("id", metavar="<identifier>", help="host/plugin-instance/type-instance, as collectd has it")
        parser.add_argument("--host", metavar="<host>", required=True, help="Name of the host")
        examples(parser, "metric explain cn1.example.org/df-root/percent_bytes-free --host cn1.example.org")
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> Any:
        answer = client_of(self).get(path("hosts", parsed_args.host, "explain"), params={"id": parsed_args.id})
        return columns.sheet(answer.json()["explanation"], _SHOWN)
