# SPDX-License-Identifier: Apache-2.0
"""A signed call counts once, whatever becomes of the process that heard it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collectd_mgr.rpc.heard import Heard
from tests.full_disk import no_file_above
from tests.unit.rpc.conftest import Clock


@pytest.mark.parametrize("lasting", [True, False])
def test_the_next_process_knows(tmp_path: Path, lasting: bool) -> None:
    file, clock = tmp_path / "heard", Clock(1000.0)
    # The first is killed: nobody closes it.
    first = Heard(file, clock)
    assert first.first("a", 1300.0, lasting)
    assert not first.first("a", 1300.0, lasting)
    second = Heard(file, clock)
    assert not second.first("a", 1300.0, lasting)
    assert second.first("b", 1300.0, lasting)
    first.close()
    second.close()
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_has_expired_goes_from_the_file(tmp_path: Path) -> None:
    file, clock = tmp_path / "heard", Clock(1000.0)
    heard = Heard(file, clock)
    for number in range(3000):
        clock.now += 1
        assert heard.first(f"n{number}", clock.now + 300, lasting=False)
    assert len(file.read_text().splitlines()) < 1500
    heard.close()
    again = Heard(file, clock)
    assert not again.first("n2999", clock.now + 300, lasting=False)
    again.close()


@pytest.mark.parametrize("restarted", [True, False])
def test_a_clock_that_is_set_back_lets_nothing_in_again(tmp_path: Path, restarted: bool) -> None:
    file, clock = tmp_path / "heard", Clock(1000.0)
    heard = Heard(file, clock)
    assert heard.first("a", 1300.0, lasting=True)
    clock.now = 2000.0
    for number in range(1000):
        assert heard.first(f"n{number}", 2300.0, lasting=False)
    clock.now = 1000.0
    if restarted:
        heard.close()
        heard = Heard(file, clock)
    assert not heard.first("a", 1300.0, lasting=True)
    assert heard.first("b", 1301.0, lasting=True)
    heard.close()


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path: Path) -> None:
    file = tmp_path / "heard"
    file.write_bytes(b"\n1300.0 a\n13\n\xff\n1300.0 b\n1300.0")
    heard = Heard(file, Clock(1000.0))
    assert not heard.first("a", 1300.0, lasting=True)
    assert not heard.first("b", 1300.0, lasting=True)
    heard.close()


def test_what_is_to_last_and_cannot_be_noted_is_not_taken() -> None:
    """A full disk."""
    heard = Heard(None, Clock(1000.0))
    heard._file = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError, match="space"):
        heard.first("a", 1300.0, lasting=True)
    assert heard.first("b", 1300.0, lasting=False)
    heard.close()


def test_an_agent_that_begins_on_a_full_disk_knows_what_was_heard(tmp_path: Path) -> None:
    file, clock = tmp_path / "heard", Clock(1000.0)
    first = Heard(file, clock)
    assert first.first("a", 1300.0, lasting=True)
    first.close()
    with no_file_above(0):
        second = Heard(file, clock)
        assert not second.first("a", 1300.0, lasting=True)
        with pytest.raises(OSError, match="too large"):
            second.first("b", 1300.0, lasting=True)
    assert second.first("b", 1300.0, lasting=True)
    second.close()
    third = Heard(file, clock)
    assert not third.first("a", 1300.0, lasting=True)
    assert not third.first("b", 1300.0, lasting=True)
    third.close()


def test_a_disk_that_fills_up_has_nothing_forgotten(tmp_path: Path) -> None:
    """The moment at which expired calls are to go from the file is one at which there is no room for a new one."""
    file, clock = tmp_path / "heard", Clock(1000.0)
    heard = Heard(file, clock)
    for number in range(998):
        assert heard.first(f"n{number}", 1300.0, lasting=False)
    (tmp_path / "heard.new").mkdir()
    assert heard.first("full", 1300.0, lasting=True)
    assert heard.first("over", 1300.0, lasting=True)
    assert heard.first("behind", 1300.0, lasting=True)
    heard.close()
    (tmp_path / "heard.new").rmdir()
    again = Heard(file, clock)
    assert not any(again.first(nonce, 1300.0, lasting=True) for nonce in ("n0", "full", "over", "behind"))
    again.close()
