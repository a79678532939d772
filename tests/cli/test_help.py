# SPDX-License-Identifier: Apache-2.0
"""What the help says holds: every example parses, and every command has one."""

from __future__ import annotations

import os
import re
import shlex
import subprocess

import pytest

from tests.cli.shell import OPENSTACK
from tests.unit.cli.commands import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_parse(name: str) -> None:
    parser = COMMANDS[name].load()(None, None).get_parser(f"openstack {name}")
    examples = [line.strip() for line in (parser.epilog or "").splitlines() if line.startswith("  ")]
    assert examples
    for example in examples:
        assert example.startswith(f"openstack {name}")
        parser.parse_args(shlex.split(example.removeprefix(f"openstack {name}")))


def test_the_commands_are_those_of_the_manual() -> None:
    nouns = {name.split()[1] for name in COMMANDS}
    assert nouns == {
        "buffer",
        "cache",
        "capability",
        "generation",
        "host",
        "ignore",
        "metric",
        "mute",
        "notification",
        "operation",
        "plugin",
        "ring",
        "sample",
        "threshold",
        "value",
    }


def test_the_shell_completes_them() -> None:
    # It asks nobody, but openstack wants a cloud all the same.
    cloud = {**os.environ, "OS_AUTH_TYPE": "none", "OS_ENDPOINT": "http://127.0.0.1:1"}
    script = subprocess.run([OPENSTACK, "complete"], env=cloud, capture_output=True, text=True, check=True).stdout
    assert "cmds_collectd_value='list publish watch'" in script
    assert re.search(r"cmds_collectd_plugin_enable='[^']*--interval[^']*'", script)
