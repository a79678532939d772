# SPDX-License-Identifier: Apache-2.0
"""What was lost is counted over the agents of a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr.publisher.losses import Losses
from tests.full_disk import no_file_above


def test_the_next_agent_counts_on(tmp_path: Path) -> None:
    first = Losses(tmp_path / "losses.json")
    first.add("samples", 3)
    first.save()
    second = Losses(tmp_path / "losses.json")
    second.add("samples", 2)
    second.add("notifications")
    second.save()
    third = Losses(tmp_path / "losses.json")
    assert (third["samples"], third["notifications"], third["else"]) == (5, 1, 0)


def test_on_a_full_disk_they_wait_for_room(tmp_path: Path) -> None:
    losses = Losses(tmp_path / "losses.json")
    losses.add("samples", 3)
    with no_file_above(0):
        losses.save()
    assert Losses(tmp_path / "losses.json")["samples"] == 0
    losses.save()
    assert Losses(tmp_path / "losses.json")["samples"] == 3


@pytest.mark.parametrize("text", ["", "[]", '{"samples": "many"}', '{"samples": null}', "{"])
def test_what_nobody_can_read_is_begun_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / "losses.json").write_text(text)
    losses = Losses(tmp_path / "losses.json")
    losses.add("samples")
    losses.save()
    assert Losses(tmp_path / "losses.json")["samples"] == 1
