# SPDX-License-Identifier: Apache-2.0
"""No command is left out: comes last, and says something of the whole of tests/cli only."""

from __future__ import annotations

import pytest

from tests.cli.cloud import Cloud
from tests.unit.cli.commands import COMMANDS

#: To wait for an operation, and to look at what came of it.
BESIDES = {f"collectd_mgr:{noun}:get" for noun in ("operations", "plugins", "hosts", "buffer")}


@pytest.mark.parametrize("name", COMMANDS)
def test_it_ran_and_asked_what_it_is_said_to_be_for(cloud: Cloud, name: str) -> None:
    asked, rules = cloud.asked.rules[name], set(COMMANDS[name].load().rules)
    assert rules - asked == set(), f"No test of tests/cli has had {name} answered so."
    assert asked - rules <= BESIDES | {rule.replace(":set", ":get") for rule in rules}
