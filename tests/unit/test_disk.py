# SPDX-License-Identifier: Apache-2.0
"""Small files that an agent can do without."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_mgr.agent.absent import Absent
from collectd_mgr.agent.reach import Reach
from collectd_mgr.domain.spec import Goal
from collectd_mgr.publisher.losses import Losses
from collectd_mgr.publisher.replay import Replay
from collectd_mgr.publisher.taken import Taken

_READERS: dict[str, Callable[[Path], object]] = {
    "absent": Absent,
    "losses": Losses,
    "reach": lambda path: Reach(Goal, lambda: 10.0, path=path),
    "replay": lambda path: Replay(path, lambda _: None, lambda _: None, lambda: 0),  # type: ignore[arg-type, return-value]
    "taken": Taken,
}


@pytest.mark.parametrize("name", _READERS)
@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff", b"7", b"[7]", b'{"a": [7]}', b"[[7]]", b"null"])
def test_one_that_is_damaged_is_begun_anew(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    _READERS[name](path)
