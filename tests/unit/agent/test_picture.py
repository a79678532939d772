# SPDX-License-Identifier: Apache-2.0
"""Whose a plugin is, and of which one values are missed."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from collectd_mgr.api import views
from collectd_mgr.control.intake import masked
from collectd_mgr.control.plugins import PluginView
from collectd_mgr.domain import config
from collectd_mgr.domain.plan import Running, RunningPlugin
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.domain.status import PluginStatus
from tests.unit.agent.agents import Agent, Live


class Seen(Live):
    """Sees a plugin that runs for longer than two intervals, has no values, and is named nowhere."""

    plugin: ClassVar[str]

    def observe(self) -> Running:
        plugins = {self.plugin: RunningPlugin(True, True)}
        return replace(super().observe(), started=time.time() - 1000, plugins=plugins)

    def metrics(self, query: Query) -> Page:
        return Page(())


def shown(directory: Path, name: str) -> PluginStatus:
    kind = type("SeenOne", (Seen,), {"plugin": name})
    return Agent(directory, live=kind).recover().status().plugins[name]


@pytest.mark.parametrize("name", ["threshold", "match_regex"])
def test_what_comes_with_a_section_is_not_the_operators(tmp_path: Path, name: str) -> None:
    plugin = shown(tmp_path, name)
    assert (plugin.origin, plugin.health) == ("managed", "registered")


@pytest.mark.parametrize(
    ("name", "health"),
    [("unixsock", "registered"), ("uuid", "registered"), ("email", "registered"), ("cpu", "silent"), ("new", "silent")],
)
def test_who_reads_nothing_is_not_silent(tmp_path: Path, name: str, health: str) -> None:
    plugin = shown(tmp_path, name)
    assert (plugin.origin, plugin.health) == ("host", health)


def test_however_much_the_operator_configures_is_shown(tmp_path: Path) -> None:
    """What is sent has limits; a poller of thousands of devices is nobody's mistake."""
    devices = [f"device{number}" for number in range(config.MAX_ITEMS + 1)]
    hosts = "".join(f'Host "{device}"\n' for device in devices)
    (tmp_path / "collectd.conf").write_text(f"LoadPlugin ping\n<Plugin ping>\n{hosts}</Plugin>\n")
    status = Agent(tmp_path).recover().status()
    assert (status.plugins["ping"].origin, status.plugins["ping"].config) == ("host", {"Host": devices})
    assert masked(status)["plugins"]["ping"]["config"] == {"Host": devices}
    view = PluginView("ping", None, status.plugins["ping"])
    assert views.plugin(view)["effective"]["config"] == {"Host": devices}
    assert views.plugin(view, text=True)["effective"]["config"] == hosts
