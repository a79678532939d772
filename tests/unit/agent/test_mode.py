# SPDX-License-Identifier: Apache-2.0
"""The local file, in every form that somebody in a hurry writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr.agent.mode import ModeSwitch, parse
from collectd_mgr.domain.mode import Mode


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("off", Mode("off", True, "", "file")),
        ("Observe\n", Mode("observe", True, "", "file")),
        ("# a note\nmode = manage\nlive = no\nreason = a = b\n", Mode("manage", False, "a = b", "file")),
        ("live=false", Mode("observe", False, "", "file")),
    ],
)
def test_what_it_says(text: str, mode: Mode) -> None:
    assert parse(text, Mode("observe")) == mode


@pytest.mark.parametrize("server", [Mode("off"), Mode("observe", False), Mode("manage", False, "INC-12")])
def test_what_it_does_not_say_stays_as_it_is_without_it(tmp_path: Path, server: Mode) -> None:
    switch = ModeSwitch(str(tmp_path / "mode"))
    (tmp_path / "mode").write_text("live = false")
    assert switch.now(server) == Mode(server.mode, False, "", "file")
    (tmp_path / "mode").write_text("manage")
    assert switch.now(server) == Mode("manage", server.live, "", "file")


@pytest.mark.parametrize(
    "text", ["mode = of", "stop", "live = maybe", "modus = off", "", "# later", "reason = x", "off\nmanage"]
)
def test_nonsense_is_a_halt_that_says_why(tmp_path: Path, text: str) -> None:
    (tmp_path / "mode").write_text(text)
    mode = ModeSwitch(str(tmp_path / "mode")).now(Mode("manage"))
    assert (mode.mode, mode.live, mode.set_by) == ("observe", False, "file")
    assert str(tmp_path) in mode.reason


def test_a_file_that_cannot_be_read_is_a_halt(tmp_path: Path) -> None:
    assert ModeSwitch(str(tmp_path)).now(Mode("manage")).mode == "observe"


def test_a_server_that_set_only_the_switch_leaves_the_mode_as_it_is_configured(tmp_path: Path) -> None:
    switch = ModeSwitch(str(tmp_path / "mode"), "manage")
    assert switch.now(Mode("", False, "why")) == Mode("manage", False, "why", "server")
    (tmp_path / "mode").write_text("live = true")
    assert switch.now(Mode("", False, "why")) == Mode("manage", True, "", "file")


def test_without_a_file_the_server_decides_and_else_the_configuration(tmp_path: Path) -> None:
    switch = ModeSwitch(str(tmp_path / "mode"), "off")
    assert switch.now(Mode("manage", True, "why")) == Mode("manage", True, "why", "server")
    assert switch.now(None) == Mode("off", True, "", "default")
