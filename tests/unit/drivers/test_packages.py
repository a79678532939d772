# SPDX-License-Identifier: Apache-2.0
"""Installed and loadable are two things."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.drivers import packages
from collectd_mgr.drivers.packages import Packages


def library(directory: Path, name: str, *needs: Path) -> Path:
    """A shared object that needs these, in no place where the loader looks."""
    target = directory / f"{name}.so"
    links = [argument for path in needs for argument in (f"-L{path.parent}", f"-l:{path.name}")]
    command = ["gcc", "-shared", "-x", "c", "/dev/null", "-x", "none", "-o", str(target), "-Wl,--no-as-needed", *links]
    subprocess.run(command, check=True)
    return target


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    directory = tmp_path / "plugins"
    directory.mkdir()
    library(directory, "memory")
    library(directory, "own", library(tmp_path, "libgone"), library(tmp_path, "libaway"))
    return directory


def test_a_missing_library_is_named(plugins: Path) -> None:
    memory, own = Packages(str(plugins)).installed()
    assert (memory.plugin, memory.loadable, memory.why_not) == ("memory", True, None)
    assert (own.plugin, own.loadable) == ("own", False)
    assert own.why_not == "libraries are missing: libgone.so, libaway.so"


def test_what_the_table_says_is_told(plugins: Path) -> None:
    memory, own = Packages(str(plugins)).installed()
    assert (memory.live_safe, memory.kind, memory.reason) == (True, "read", None)
    assert (own.live_safe, bool(own.reason)) == (False, True)


def test_a_lone_plugin_is_looked_at_as_well(plugins: Path) -> None:
    (plugins / "memory.so").unlink()
    assert [row.loadable for row in Packages(str(plugins)).installed()] == [False]


def test_one_that_is_installed_later_is_seen(plugins: Path) -> None:
    packages = Packages(str(plugins))
    assert len(packages.installed()) == 2
    shutil.copy(plugins / "memory.so", plugins / "swap.so")
    assert [row.plugin for row in packages.installed()] == ["memory", "own", "swap"]
    (plugins / "own.so").unlink()
    assert [row.plugin for row in packages.installed()] == ["memory", "swap"]


def test_one_that_was_looked_at_is_known_to_all(plugins: Path) -> None:
    memory, _ = Packages(str(plugins)).installed()
    assert Packages(str(plugins)).installed()[0] is memory


@pytest.mark.parametrize(("plugin", "message"), [("own", "libgone"), ("nosuch", "not installed")])
def test_what_cannot_be_loaded_is_refused(plugins: Path, plugin: str, message: str) -> None:
    with pytest.raises(exception.PluginNotLoadable, match=message) as raised:
        Packages(str(plugins)).check_loadable(plugin)
    assert raised.value.kwargs["plugin"] == plugin


def test_a_name_is_the_same_in_any_case(plugins: Path) -> None:
    Packages(str(plugins)).check_loadable("Memory")


def test_without_the_directory_there_is_nothing(tmp_path: Path) -> None:
    assert Packages(str(tmp_path / "none")).installed() == ()


def test_where_this_process_has_no_loader_ldd_is_asked(tmp_path: Path, plugins: Path) -> None:
    lines = tmp_path / "maps"
    for path in ("/nonexistent/ld-2.31.so", "/lib/ld-musl-x86_64.so.1"):
        lines.write_text(f"7f00-7f01 r-xp 00000000 fe:00 1 {path}\n")
        assert packages.loader(lines) == "ldd"
    for by in ("ldd", packages.loader()):
        missing = packages.missing_libraries([plugins / "memory.so", plugins / "own.so"], by)
        assert missing == {"memory.so": (), "own.so": ("libgone.so", "libaway.so")}
    assert by != "ldd"
