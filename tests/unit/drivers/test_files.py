# SPDX-License-Identifier: Apache-2.0
"""The managed file is whole at any moment, and private."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from collectd_mgr import disk
from collectd_mgr.drivers.account import Account
from collectd_mgr.drivers.files import NAME, ManagedFiles
from tests.full_disk import no_file_above


@pytest.fixture
def files(tmp_path: Path) -> ManagedFiles:
    return ManagedFiles(str(tmp_path / "managed"))


def put(files: ManagedFiles, text: str) -> None:
    files.stage(text)
    files.commit()


def seen_by_collectd(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "managed").glob("[!.]*"))


def test_nothing_is_there_before_the_first(files: ManagedFiles) -> None:
    assert files.read() is None
    assert files.staged() is None
    files.discard()
    files.restore(None)


def test_what_is_staged_is_not_read_before_it_is_committed(files: ManagedFiles, tmp_path: Path) -> None:
    files.stage("one")
    assert (files.read(), files.staged(), seen_by_collectd(tmp_path)) == (None, "one", [])
    files.commit()
    assert (files.read(), files.staged(), seen_by_collectd(tmp_path)) == ("one", None, [NAME])


def test_the_one_before_is_kept_where_no_include_finds_it(files: ManagedFiles, tmp_path: Path) -> None:
    for text in ("one", "two", "three"):
        put(files, text)
    hidden = [path.read_text() for path in (tmp_path / "managed").glob(".*")]
    assert (files.read(), hidden, seen_by_collectd(tmp_path)) == ("three", ["two"], [NAME])


@pytest.mark.parametrize("old", ["one", None])
def test_back_to_the_one_before(files: ManagedFiles, old: str | None) -> None:
    if old is not None:
        put(files, old)
    before = files.read()
    put(files, "two")
    files.restore(before)
    files.restore(before)
    assert files.read() == old


def test_back_to_the_one_before_on_a_disk_that_is_full_by_now(files: ManagedFiles) -> None:
    put(files, "one")
    put(files, "two")
    with no_file_above(0):
        files.restore("one")
    assert (files.read(), files.staged(), "two" in files.others()) == ("one", None, True)
    files.restore("two")
    files.stage("three")  # Nothing is written into what has another name as well.
    assert (files.read(), "one" in files.others()) == ("two", True)


def test_what_is_gone_back_to_is_for_the_user_of_now(files: ManagedFiles, tmp_path: Path) -> None:
    put(files, "one")
    now = ManagedFiles(str(tmp_path / "managed"), Account("nobody", 65534, 65534))
    put(now, "two")
    now.restore("one")
    assert (now.path.stat().st_uid, now.read()) == (65534, "one")


def test_secrets_are_for_their_owner_alone(files: ManagedFiles, tmp_path: Path) -> None:
    put(files, "one")
    put(files, "Password")
    directory = tmp_path / "managed"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_a_file_that_others_could_read_is_so_no_longer(tmp_path: Path) -> None:
    (tmp_path / ".x.new").touch(mode=0o644)
    disk.replace(tmp_path / "x", "text")
    assert (tmp_path / "x").read_text() == "text"
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600


def test_what_was_put_is_read_at_once_and_synced_when_asked(files: ManagedFiles, tmp_path: Path) -> None:
    files.sync()
    for text in ("one", "two"):
        files.stage(text)
        files.put()
        assert (files.read(), files.staged(), seen_by_collectd(tmp_path)) == (text, None, [NAME])
    files.sync()
    files.restore(None)
    files.sync()
    assert files.read() is None
