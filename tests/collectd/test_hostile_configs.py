# SPDX-License-Identifier: Apache-2.0
"""Whatever a config holds, collectd's own parser finds it in the block of its plugin, and nothing beside it."""

from __future__ import annotations

from collectd_mgr import exception
from collectd_mgr.domain import config, managed
from collectd_mgr.domain.grammar import Item, render
from collectd_mgr.domain.spec import PluginGoal
from tests.collectd.grammar_daemon import parsed_by_collectd, tree
from tests.unit.domain.hostile_configs import INSIDE, REFUSED, Case


def written(case: Case) -> tuple[Item, ...] | None:
    """What would stand in the managed file, if nobody refused it; None for what cannot be written at all."""
    name, value = case
    try:
        items = tuple(managed.plugin_items(name, PluginGoal(True, 10.0, value)))
        render(items)
    except (exception.BadConfig, exception.BadGrammar):
        return None
    return items


def test_none_of_them_leaves_its_block() -> None:
    """The refused ones too: the allow-list is the second wall, not the first."""
    cases = [(case, written(case)) for case in (*REFUSED, *INSIDE)]
    found = [(case, items) for case, items in cases if items is not None]
    assert len(found) > 600
    trees = parsed_by_collectd([render(items) for _, items in found])
    for (case, items), theirs in zip(found, trees, strict=True):
        assert theirs == tree(items), case
        assert [(key, values) for key, values, _ in theirs] == [
            (key, [case[0]]) for key in ("LoadPlugin", "Plugin")[: len(theirs)]
        ], case
        assert theirs[1:] == [] or theirs[1][2] == tree(config.from_any(case[1])), case
