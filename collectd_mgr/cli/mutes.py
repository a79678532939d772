# SPDX-License-Identifier: Apache-2.0
"""``openstack collectd mute …``: notifications that are kept and not published, for a time."""

from __future__ import annotations

import argparse
from typing import Any

from osc_lib.exceptions import CommandError

from collectd_mgr.cli import changes, sections
from collectd_mgr.cli.client import Client, path
from collectd_mgr.cli.sections import Kind

KIND = Kind(
    "mutes",
    "mute",
    "mute",
    {
        "identifier": (str, "Shell pattern of the metrics they are about, host/plugin-instance/type-instance"),
        "severities": (lambda text: text.split(","), "Only these, with commas between: okay, warning, failure"),
    },
    "maintenance --label rack=r12 --identifier '*' --for 2h --reason INC-12",
    required=("expires_in",),
    by_label=True,
)


class ListMutes(sections.ListSettings):
    """List the mutes of hosts"""

    rules = ("collectd_mgr:mutes:list",)
    kind = KIND


class ShowMute(sections.ShowSetting):
    """Show a mute: what it covers, who wanted it and why, and when it ends"""

    rules = ("collectd_mgr:mutes:get",)
    kind = KIND


class SetMute(sections.SetSetting):
    """Mute notifications of hosts for a time (--for): they are kept and shown, and not published"""

    rules = ("collectd_mgr:mutes:set", "collectd_mgr:mutes:set_by_label")
    kind = KIND

    def answers(self, client: Client, args: argparse.Namespace) -> list[changes.Answer]:
        if args.hosts:
            return super().answers(client, args)
        given = {**self.setting(args), **changes.why(args), "label": args.labels}
        return _together(args, client.put(path("mutes", args.name), json=given).json())


class UnsetMute(sections.UnsetSetting):
    """End a mute"""

    rules = ("collectd_mgr:mutes:unset", "collectd_mgr:mutes:unset_by_label")
    kind = KIND

    def answers(self, client: Client, args: argparse.Namespace) -> list[changes.Answer]:
        if args.hosts:
            return super().answers(client, args)
        given = {**changes.why(args), "label": args.labels}
        return _together(args, client.delete(path("mutes", args.name), params=given).json())


def _together(args: argparse.Namespace, done: dict[str, Any]) -> list[changes.Answer]:
    """:raises CommandError: for labels that no host has: somebody meant others"""
    if not done["mutes"]:
        raise CommandError(f"No host has the label {' and '.join(args.labels)}.")
    return [{"operation": each["operation"] or _refused(each, args.name)} for each in done["mutes"]]


def _refused(each: dict[str, Any], name: str) -> dict[str, Any]:
    return {"host": each["host"], "setting": name, "state": "refused", "error": each["error"]}
