# SPDX-License-Identifier: Apache-2.0
"""The rules that a daemon was started with, by an earlier release perhaps."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from collectd_mgr.extension.ignorelist import Ignorelist

#: One that is refused by now.
OLD = {"action": "deny", "type_instance": "^[0-9a-f]*a[0-9a-f-]{30}x"}


def test_a_rule_that_is_refused_by_now_can_be_taken_away() -> None:
    chains = SimpleNamespace(build=lambda rules: None, run=lambda rules: None)
    thresholds = SimpleNamespace(hush=lambda why, gone: gone("h/memory/memory-free"))
    rules = Ignorelist(cast(Any, chains), cast(Any, thresholds), cast(Any, None), dict, {"old": OLD})
    rules.set({"new": {"plugin": "^swap$"}})
    assert list(rules.settings) == ["new"]
