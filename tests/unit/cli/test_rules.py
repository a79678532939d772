# SPDX-License-Identifier: Apache-2.0
"""Every request of the API has its command, and every parameter of it an option there."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.contract import DOCUMENT
from tests.unit.cli.commands import COMMANDS

#: Requests by their rule; those that everybody may make are for programs: the versions, and the document itself.
REQUESTS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation
    for item in DOCUMENT["paths"].values()
    for verb, operation in item.items()
    if verb != "parameters" and operation["security"]
}
CLASSES = {name: entry.load() for name, entry in COMMANDS.items()}

#: What has another name on the command line.
OPTIONS = {
    "expires_in": "for",
    "labels": "label",
    "sort_key": "sort",
    "sort_dir": "sort",
    "config_format": "text",
    "quarantine": "clear-quarantine",
    "write_queue": "queue-high",
    "id": "identifier",
}

#: What stands in a file, is another thing there, is said by the command's own word, or would be shown by none.
OF_ONE = {
    "collectd_mgr:hosts:preview": dict.fromkeys(
        ("plugins", "thresholds", "ignorelist", "samples", "ring", "buffer"), "file"
    ),
    "collectd_mgr:thresholds:replace": {"thresholds": "file"},
    "collectd_mgr:ignorelist:replace": {"ignorelist": "file"},
    "collectd_mgr:flush:post": {"timeout": "older-than"},
    "collectd_mgr:plugins:set": {"enabled": "plugin"},
    "collectd_mgr:plugins:update": {"enabled": "plugin"},
    "collectd_mgr:plugins:list": {"config_format": "host"},
}

#: A list is asked for page by page, whatever it is of.
PAGES = {"limit", "marker"}


def commands(rule: str) -> list[str]:
    return [name for name, kind in CLASSES.items() if rule in kind.rules]


def test_every_request_is_named_by_a_command_and_no_other() -> None:
    assert {rule for kind in CLASSES.values() for rule in kind.rules} == set(REQUESTS)


def parameters(request: dict[str, Any]) -> Iterator[str]:
    yield from (item["name"] for item in request["parameters"])
    content = request.get("requestBody", {}).get("content", {})
    yield from (name for media in content.values() for name in media["schema"]["properties"])


def taken(name: str) -> set[str]:
    """The options and arguments of a command, as its help has them."""
    parser: argparse.ArgumentParser = CLASSES[name](None, None).get_parser(f"openstack {name}")
    actions = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    flags = {flag.lstrip("-") for action in actions for flag in action.option_strings}
    return flags | {str(action.metavar).strip("<>") for action in actions if not action.option_strings}


@pytest.mark.parametrize("rule", sorted(REQUESTS))
def test_every_parameter_is_an_option(rule: str) -> None:
    offered = {option for name in commands(rule) for option in taken(name)}
    names = {**OPTIONS, **OF_ONE.get(rule, {})}
    wanted = {names.get(name, name.replace("_", "-")) for name in parameters(REQUESTS[rule]) if name not in PAGES}
    assert wanted - offered == set()
