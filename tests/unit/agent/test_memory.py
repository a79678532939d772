# SPDX-License-Identifier: Apache-2.0
"""The last version that was written is what is remembered, wherever the agent or the machine was cut off."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_mgr.agent.memory import Memory, MemoryFile, Quarantine
from collectd_mgr.domain.mode import Mode
from tests.unit.agent.agents import spec

FIRST, SECOND = (Memory(taken=spec(n, cpu=True), outcome="applied") for n in (1, 2))


def remembered(path: Path) -> Memory:
    return MemoryFile(str(path)).load()


def test_a_version_outlives_the_agent_at_once(tmp_path: Path) -> None:
    file = MemoryFile(str(tmp_path))
    for memory in (FIRST, SECOND):
        file.write(memory)
        assert remembered(tmp_path) == memory
    assert not (tmp_path / "memory.json").exists()


def test_what_is_on_the_disk_is_enough(tmp_path: Path) -> None:
    file = MemoryFile(str(tmp_path))
    file.write(FIRST)
    assert (file.sync(), file.sync()) == (True, False)
    assert (tmp_path / "memory.lines").read_bytes() == b""
    assert remembered(tmp_path) == FIRST


def test_an_old_line_that_the_machine_brought_back_is_no_news(tmp_path: Path) -> None:
    file = MemoryFile(str(tmp_path))
    file.write(FIRST)
    old = (tmp_path / "memory.lines").read_bytes()
    file.save(SECOND)
    (tmp_path / "memory.lines").write_bytes(old)
    assert remembered(tmp_path) == SECOND


@pytest.mark.parametrize("cut", [1, 40, 200])
def test_a_torn_line_is_none_and_in_nobodys_way(tmp_path: Path, cut: int) -> None:
    MemoryFile(str(tmp_path)).save(FIRST)
    file = MemoryFile(str(tmp_path))
    file.load()
    file.write(SECOND)
    line = (tmp_path / "memory.lines").read_bytes()
    (tmp_path / "memory.lines").write_bytes(line[:-cut])
    assert remembered(tmp_path) == FIRST
    later = replace(SECOND, driver="live")
    file.write(later)
    assert remembered(tmp_path) == later


def test_what_could_not_be_written_is_made_up_for(tmp_path: Path) -> None:
    file, lines = MemoryFile(str(tmp_path)), tmp_path / "memory.lines"
    file.save(FIRST)
    lines.unlink()
    lines.mkdir()
    with pytest.raises(IsADirectoryError):
        file.write(SECOND)
    lines.rmdir()
    assert file.sync()
    assert remembered(tmp_path) == SECOND


def test_who_comes_next_has_it_on_the_disk_too(tmp_path: Path) -> None:
    MemoryFile(str(tmp_path)).write(FIRST)
    file = MemoryFile(str(tmp_path))
    file.load()
    assert file.sync()
    (tmp_path / "memory.lines").unlink()
    assert remembered(tmp_path) == FIRST


def test_what_a_newer_release_said_besides_is_left_out(tmp_path: Path) -> None:
    """Who goes back to this one must not forget, of all things, the quarantine."""
    memory = replace(FIRST, quarantine=Quarantine("collectd died", 1.0, 0), mode=Mode("manage"))
    data = {"number": 1, **memory.to_dict(), "mood": "good"}
    data["quarantine"] = {**data["quarantine"], "cause": "cpu"}
    data["mode"] = {**data["mode"], "until": 5}
    (tmp_path / "memory.json").write_text(json.dumps(data))
    assert remembered(tmp_path) == memory
