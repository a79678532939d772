# SPDX-License-Identifier: Apache-2.0
"""What a collectd that ends in order leaves behind."""

from __future__ import annotations

import os
from pathlib import Path

from collectd_mgr.wire import farewell


def test_who_said_goodbye_last_is_known(tmp_path: Path) -> None:
    socket = str(tmp_path / "socket")
    assert farewell.left(socket) is None
    farewell.leave(socket, 17)
    farewell.leave(socket, 18)
    assert farewell.left(socket) == 18
    assert [path.name for path in tmp_path.iterdir()] == ["socket.goodbye"]


def test_a_process_takes_back_what_another_of_its_pid_said(tmp_path: Path) -> None:
    socket = str(tmp_path / "socket")
    farewell.leave(socket, 17)
    farewell.take_back(socket, 18)
    assert farewell.left(socket) == 17
    farewell.take_back(socket, 17)
    farewell.take_back(socket, 17)
    assert farewell.left(socket) is None


def test_nothing_else_in_its_place_is_followed_or_waited_for(tmp_path: Path) -> None:
    socket, place = str(tmp_path / "socket"), tmp_path / "socket.goodbye"
    (tmp_path / "other").write_text("17")
    place.symlink_to(tmp_path / "other")
    assert farewell.left(socket) is None
    place.unlink()
    os.mkfifo(place)
    assert farewell.left(socket) is None
    place.unlink()
    place.write_text("not a pid")
    assert farewell.left(socket) is None
