# SPDX-License-Identifier: Apache-2.0
"""Keys of the encrypted columns can be rotated, and a wrong one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.db import sealing
from collectd_mgr.db.sealing import Seal
from collectd_mgr.testing import configuration


def test_what_is_closed_can_be_opened() -> None:
    seal = Seal([sealing.new_key()])
    token = seal.close("hunter2 ü")
    assert "hunter2" not in token
    assert seal.open(token) == "hunter2 ü"


def test_a_rotated_token_needs_the_old_key_no_more() -> None:
    old, new = sealing.new_key(), sealing.new_key()
    token = Seal([old]).close("x")
    both = Seal([new, old])
    assert both.open(token) == "x"
    assert Seal([new]).open(both.rotate(token)) == "x"


def test_a_wrong_key_is_told() -> None:
    token = Seal([sealing.new_key()]).close("x")
    with pytest.raises(exception.CollectdMgrError, match="No key"):
        Seal([sealing.new_key()]).open(token)


def test_no_key_stops_the_start() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Seal([])


def test_keys_come_from_a_file_too(tmp_path: Path) -> None:
    key = sealing.new_key()
    (tmp_path / "keys").write_text(f"{key}\n")
    conf = configuration.scratch("sqlite://", secrets={"fernet_keys": [], "key_file": str(tmp_path / "keys")})
    assert sealing.from_conf(conf).open(Seal([key]).close("x")) == "x"
