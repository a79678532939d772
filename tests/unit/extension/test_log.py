# SPDX-License-Identifier: Apache-2.0
"""Whatever a line of collectd's log is, and wherever it cannot be written, it is heard."""

from __future__ import annotations

import errno
import io
from contextlib import redirect_stderr

import pytest

from collectd_mgr.extension.log import WARNING, Log


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def log(said: list[str]) -> Log:
    return Log(said.append, said.append)


class Full(io.TextIOBase):
    """The daemon's standard error, on a disk that is full."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, text)


def test_what_is_no_utf8_is_text(log: Log) -> None:
    """collectd cuts a long line off, in the middle of a letter as well, and a name may be of any bytes."""
    log.write(WARNING, "df plugin: invalid caf\xe9".encode("latin-1"))
    with log.capture() as lines:
        log.write(WARNING, "caf\xe9".encode()[:-1])
    assert (log.start, log.rejections, lines) == (["df plugin: invalid caf\ufffd"],) * 2 + (["caf\ufffd"],)


def test_what_cannot_be_written_is_heard_all_the_same(log: Log, said: list[str]) -> None:
    log.ending = lambda: said.append("ending")
    with redirect_stderr(Full()), log.capture() as lines:
        log.write(WARNING, "x")
        log.write(WARNING, "Exiting normally.")
    assert (lines, said) == (["x", "Exiting normally."], ["ending"])


def test_a_line_is_written_in_one_piece(log: Log) -> None:
    """Other threads write between two pieces."""
    pieces: list[str] = []
    stderr = io.StringIO()
    stderr.write = pieces.append  # type: ignore[assignment, method-assign]
    with redirect_stderr(stderr):
        log.write(WARNING, "one line")
    assert pieces == ["one line\n"]


def test_an_operation_is_one_line(log: Log, said: list[str]) -> None:
    """Names and identifiers are what somebody gave."""
    log.operation("req-1\n[error] forged", "flush identifier=\udce9\0: done")
    assert said == ["collectd_mgr: [req-1?[error] forged] flush identifier=??: done"]
