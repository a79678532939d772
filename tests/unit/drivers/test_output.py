# SPDX-License-Identifier: Apache-2.0
"""What a daemon writes is kept, of the last start, and never fills the disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from collectd_mgr.drivers.output import LIMIT, Output
from tests.full_disk import no_file_above


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "collectd.log"


def write(output: Output, text: str) -> None:
    descriptor = output.open()
    os.write(descriptor, text.encode())
    os.close(descriptor)


def test_before_the_first_start_there_is_nothing(path: Path) -> None:
    assert Output(path).lines() == ()
    Output(path).trim()


def test_only_the_last_start_is_told(path: Path) -> None:
    output = Output(path)
    write(output, "one\n")
    write(output, "two\nthree\n")
    assert output.lines() == ("two", "three")
    assert path.read_text() == "one\ntwo\nthree\n"


def test_much_of_it_is_told_by_its_end(path: Path) -> None:
    output = Output(path)
    write(output, "".join(f"{number}\n" for number in range(1000)))
    assert (len(output.lines()), output.lines()[-1]) == (200, "999")


def test_a_process_that_goes_on_writing_does_not_fill_the_disk(path: Path) -> None:
    output = Output(path)
    descriptor = output.open()
    for _ in range(5):
        os.write(descriptor, b"x" * LIMIT + b"\n")
        output.trim()
    os.write(descriptor, b"the last line\n")
    os.close(descriptor)
    assert output.lines() == ("the last line",)
    assert sum(file.stat().st_size for file in path.parent.iterdir()) < 2 * LIMIT
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_without_room_for_a_copy_it_goes(path: Path) -> None:
    """Whoever looks at the daemon comes by here: a full disk must not keep anybody from that."""
    output = Output(path)
    write(output, "x" * LIMIT + "\n")
    with no_file_above(LIMIT // 2):
        output.trim()
    assert path.stat().st_size == 0
    write(output, "after it\n")
    assert output.lines() == ("after it",)
