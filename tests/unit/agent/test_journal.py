# SPDX-License-Identifier: Apache-2.0
"""A journal that was cut off anywhere is still read, and written on."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr.agent.journal import Intent, Journal
from tests.full_disk import no_file_above
from tests.unit.agent.agents import spec

INTENT = Intent(spec(1, cpu=True), "live", ("plugin.load cpu",), 4711, 1.0, "boot")


@pytest.mark.parametrize("written_on", [False, True])
def test_whatever_of_the_last_line_is_there(tmp_path: Path, written_on: bool) -> None:
    Journal(str(tmp_path)).begin(INTENT)
    path = tmp_path / "journal"
    line = path.read_bytes().splitlines(keepends=True)[0]
    for size in [0, 1, 9, *(place + 1 for place, byte in enumerate(line[:-2]) if byte == ord("}"))]:
        path.write_bytes(line[:size])
        if written_on:
            Journal(str(tmp_path)).begin(INTENT)
        assert Journal(str(tmp_path)).unfinished() == (INTENT if written_on else None)


def test_an_end_that_could_not_be_written_is_written_later(tmp_path: Path) -> None:
    """Otherwise the next agent would take the daemon to have died of that, whenever it is another one by then."""
    journal, path = Journal(str(tmp_path)), tmp_path / "journal"
    journal.begin(INTENT)
    with no_file_above(path.stat().st_size + 9), pytest.raises(OSError, match="space"):
        journal.end("applied")
    assert Journal(str(tmp_path)).unfinished() == INTENT
    journal.end("applied")
    assert Journal(str(tmp_path)).unfinished() is None


def test_a_block_of_zeros_is_no_line(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b"\0" * 4096 + b"\n")
    Journal(str(tmp_path)).begin(INTENT)
    assert Journal(str(tmp_path)).unfinished() == INTENT


def test_what_a_newer_release_wrote_besides_is_left_out(tmp_path: Path) -> None:
    Journal(str(tmp_path)).begin(INTENT)
    path = tmp_path / "journal"
    path.write_text(path.read_text().replace('"pid": 4711', '"pid": 4711, "mood": "good"'))
    assert Journal(str(tmp_path)).unfinished() == INTENT


def test_what_a_full_disk_took_a_part_of_is_not_begun(tmp_path: Path) -> None:
    """A driver that acts then would act without a word in the journal."""
    journal = Journal(str(tmp_path))
    with no_file_above(100), pytest.raises(OSError, match="space"):
        journal.begin(INTENT)
    assert Journal(str(tmp_path)).unfinished() is None
    journal.begin(INTENT)
    assert Journal(str(tmp_path)).unfinished() == INTENT
