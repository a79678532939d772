# SPDX-License-Identifier: Apache-2.0
"""What collectd's Python imports stands on its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from collectd_mgr.drivers import bundle

#: The Python that Debian's collectd embeds.
_PYTHON = "/usr/bin/python3"

_IMPORT = "import collectd_mgr.extension.service, collectd_mgr.domain.managed; print(*sys.path)"


def test_the_copy_needs_nothing_of_the_virtualenv(tmp_path: Path) -> None:
    bundle.install(str(tmp_path))
    command = [_PYTHON, "-I", "-c", f"import sys; sys.path[:0] = [{bundle.module_path(str(tmp_path))!r}]; {_IMPORT}"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert answer.returncode == 0, answer.stderr
    assert "site-packages" not in answer.stdout


def test_only_what_runs_in_collectd_is_copied(tmp_path: Path) -> None:
    package = bundle.install(str(tmp_path)) / "collectd_mgr"
    assert {path.name for path in package.iterdir()} == {"__init__.py", "exception.py", "domain", "wire", "extension"}
    assert {path.suffix for path in package.rglob("*") if path.is_file()} <= {".py", ".json"}


def test_the_same_version_is_copied_once(tmp_path: Path) -> None:
    first = bundle.install(str(tmp_path))
    inode = first.stat().st_ino
    assert bundle.install(str(tmp_path)).stat().st_ino == inode
    assert sorted(path.name for path in tmp_path.iterdir()) == ["extension", first.name]


def test_another_version_leaves_the_one_that_runs_alone(tmp_path: Path) -> None:
    older = tmp_path / "extension-older"
    older.mkdir()
    (tmp_path / "extension").symlink_to(older.name)
    present = bundle.install(str(tmp_path))
    assert older.is_dir()
    assert os.readlink(tmp_path / "extension") == present.name


def test_a_copy_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    name = bundle.install(str(elsewhere)).name
    rest = tmp_path / f".{name}.new" / "collectd_mgr"
    rest.mkdir(parents=True)
    (rest / "stray.py").touch()
    assert not (bundle.install(str(tmp_path)) / "collectd_mgr" / "stray.py").exists()


def test_one_that_somebody_has_emptied_is_made_anew(tmp_path: Path) -> None:
    entry = bundle.install(str(tmp_path)) / "collectd_mgr/extension/entry.py"
    assert bundle.is_there(str(tmp_path))
    entry.unlink()
    assert not bundle.is_there(str(tmp_path))
    bundle.install(str(tmp_path))
    assert bundle.is_there(str(tmp_path))
    assert entry.is_file()


def test_what_nobody_uses_is_removed(tmp_path: Path) -> None:
    present = bundle.install(str(tmp_path))
    used, unused = tmp_path / "extension-used", tmp_path / "extension-unused"
    for place in (used, unused):
        (place / "collectd_mgr").mkdir(parents=True)
    bundle.tidy(str(tmp_path), str(used))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["extension", present.name, used.name])
