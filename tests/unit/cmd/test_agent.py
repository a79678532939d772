# SPDX-License-Identifier: Apache-2.0
"""The entry point of the agent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collectd_mgr.agent import single
from collectd_mgr.cmd import agent, configuration
from collectd_mgr.domain import grammar, mode
from collectd_mgr.extension.settings import Settings

SNIPPET = Path(__file__).parents[3] / "etc/collectd/collectd-mgr.conf"


def test_the_shipped_snippet_is_that_of_the_default_paths(capsys: pytest.CaptureFixture[str]) -> None:
    agent.main(["--config-file", "/dev/null", "--print-snippet"])
    assert grammar.parse(SNIPPET.read_text()) == grammar.parse(capsys.readouterr().out)


def test_the_extension_listens_where_the_agent_asks_for_it_with_the_snippet_and_by_default() -> None:
    socket = agent.settings(configuration.load(["--config-file", "/dev/null"], "test")).daemon.socket
    (python,) = (item for item in grammar.parse(SNIPPET.read_text()) if item.key == "Plugin")
    (module,) = (item for item in python.children or () if item.key == "Module")
    told = Settings(socket="").with_options(module.children or ())
    assert (told.socket, Settings().socket) == (socket, socket)


def test_a_host_is_observed_and_not_managed_by_default() -> None:
    settings = agent.settings(configuration.load(["--config-file", "/dev/null"], "test"))
    assert (settings.mode, settings.daemon.daemon, settings.revival) == (mode.OBSERVE, "systemd", 30.0)


def test_a_second_agent_in_the_same_place_ends_with_one_sentence(tmp_path: Path) -> None:
    state = tmp_path / "state"
    held = single.alone(str(state))
    file = tmp_path / "agent.conf"
    file.write_text(f"[agent]\nstate_dir = {state}\n")
    with pytest.raises(SystemExit, match="Another agent works in"):
        agent.main(["--config-file", str(file)])
    os.close(held)
    os.close(single.alone(str(state)))


def test_a_second_agent_of_the_same_collectd_ends_with_one_sentence(tmp_path: Path) -> None:
    socket = tmp_path / "collectd.sock"
    held = single.alone_at(str(socket))
    file = tmp_path / "agent.conf"
    file.write_text(f"[agent]\nstate_dir = {tmp_path}/other\n[collectd]\nsocket = {socket}\n")
    with pytest.raises(SystemExit, match=f"Another agent manages the collectd behind {socket}"):
        agent.main(["--config-file", str(file)])
    os.close(held)
    os.close(single.alone_at(str(socket)))
