# SPDX-License-Identifier: Apache-2.0
"""What one process leaves to the next: in order, bounded, and for one of them only."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from collectd_mgr.domain.notifications import Batch, Position
from collectd_mgr.extension import handover
from collectd_mgr.extension.notifications import Notifications


def process(*messages: str, limit: int = 4) -> Notifications:
    made = Notifications(SimpleNamespace, limit)
    names = ("host", "plugin", "plugin_instance", "type", "type_instance")
    for message in messages:
        made.take(SimpleNamespace(severity=4, message=message, time=1.0, meta=None, **dict.fromkeys(names, "x")))
    return made


def messages(batch: Batch) -> list[str]:
    return [row.message for row in batch.rows]


def test_the_next_one_goes_on(tmp_path: Path) -> None:
    first, socket = process("a", "b"), str(tmp_path / "socket")
    taken = first.read(Position(), 1)
    handover.leave(socket, first.left())
    second = process("c", "d")
    left = handover.take(socket)
    assert left == first.left()
    second.resume(left)
    after = second.read(taken.position, 10)
    assert (after.stream, after.first, messages(after), after.dropped) == (taken.stream, 2, ["b", "c", "d"], 0)
    assert handover.take(socket) is None


def test_what_is_too_much_is_counted_as_ever(tmp_path: Path) -> None:
    first = process("a", "b", "c", "d", "e")
    second = process("f", "g")
    second.resume(first.left())
    batch = second.read(Position(), 10)
    assert (messages(batch), batch.first, batch.dropped) == (["d", "e", "f", "g"], 4, 3)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"rows": 1}', "\0"])
def test_what_is_no_such_file_is_gone(tmp_path: Path, text: str) -> None:
    socket, file = str(tmp_path / "socket"), tmp_path / "socket.notifications"
    file.write_text(text)
    with pytest.raises((ValueError, TypeError, KeyError)):
        handover.take(socket)
    assert handover.take(socket) is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("{}")
    (tmp_path / "socket.notifications").symlink_to(tmp_path / "other")
    with pytest.raises(OSError):
        handover.take(str(tmp_path / "socket"))
    assert (tmp_path / "other").read_text() == "{}"
