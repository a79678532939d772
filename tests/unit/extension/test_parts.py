# SPDX-License-Identifier: Apache-2.0
"""What of the extension needs no collectd around it."""

from __future__ import annotations

import ctypes
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from collectd_mgr import exception
from collectd_mgr.extension import abi, feed, fragment, parameters, process
from collectd_mgr.extension.memory import Memory, Unreadable, files
from collectd_mgr.extension.settings import BadOption, Settings


@pytest.mark.parametrize(
    ("text", "version", "known"),
    [
        (b"\ncollectd 5.12.0.git, http://collectd.org/", "5.12.0.git", True),
        (b"\ncollectd 5.9.2, http://collectd.org/", "5.9.2", True),
        (b"\ncollectd 5.13.0.g1234, http", "5.13.0.g1234", True),
        (b"\ncollectd 5.8.1, http", "5.8.1", False),
        (b"\ncollectd 5.14.0, http", "5.14.0", False),
        (b"\ncollectd 6.0.0.rc0, http", "6.0.0.rc0", False),
        (b"something else", "", False),
    ],
)
def test_versions(text: bytes, version: str, known: bool) -> None:
    assert abi.version(b"\0\1" + text + b"\0") == version
    assert abi.known(version) == known


def test_times() -> None:
    assert abi.to_cdtime(10) == 10 << 30
    assert abi.from_cdtime(3 << 29) == 1.5
    assert abi.interval(abi.to_cdtime(0.1)) == 0.1


def test_missing_symbols_are_named() -> None:
    assert abi.bind(ctypes.CDLL(None), {"strlen": (ctypes.c_size_t, (ctypes.c_char_p,)), "nosuch": (None, ())}) == [
        "nosuch"
    ]


def test_structures_have_collectds_size() -> None:
    assert (ctypes.sizeof(abi.Context), ctypes.sizeof(abi.DataSource), ctypes.sizeof(abi.DataSet)) == (32, 152, 144)


def test_memory_is_read_without_a_crash() -> None:
    memory = Memory()
    buffer = ctypes.create_string_buffer(b"hello\0world")
    assert memory.read(ctypes.addressof(buffer), 5) == b"hello"
    assert memory.text(ctypes.addressof(buffer)) == "hello"
    for address in (0, 8, 1 << 47, (1 << 64) - 8, -1):
        with pytest.raises(Unreadable):
            memory.read(address, 8)
        with pytest.raises(Unreadable):
            memory.text(address)


def test_the_files_of_this_process() -> None:
    directory = os.path.dirname(next(path for path in files() if "/libc.so" in path))
    assert all(path.startswith(directory + "/") for path in files(directory + "/"))
    assert process.replaced({"load": "/x/load.so"}) == []
    assert "load" in process.replaced({"load": "/x/load.so (deleted)"})[0]


def test_a_file_is_newer_than_the_process_by_the_clock_of_then_or_of_now(tmp_path: Path) -> None:
    old = os.__file__
    fresh = tmp_path / "plugin.so"
    time.sleep(0.2)  # More than the grain of these times.
    fresh.touch()
    changed, now = os.stat(old).st_ctime, process.started()
    assert (process.newer(str(fresh), now), process.newer(old, now)) == (True, False)
    # The clock was years behind when the process was started, or it was ahead.
    for then in (now - 1e9, now + 1e9):
        assert (process.newer(str(fresh), then), process.newer(old, then)) == (True, False)
    # It was behind, and the file was changed before that was seen to.
    assert process.newer(old, changed - 0.2)


def test_only_blocks_of_the_plugin() -> None:
    items = fragment.plugin_blocks("df", '<Plugin "DF">\n  MountPoint "/"\n</Plugin>')
    assert [item.key for item in items] == ["Plugin"]
    assert fragment.plugin_blocks("df", "") == ()
    for text in ("LoadPlugin df", "<Plugin df>\n X 1\n</Plugin>\nInterval 1", "<Chain df>\n X 1\n</Chain>"):
        with pytest.raises(exception.BadConfig):
            fragment.plugin_blocks("df", text)
    with pytest.raises(exception.BadGrammar):
        fragment.plugin_blocks("df", "<Plugin df>\n X 1\n</Plugi>")


def test_a_parser_that_failed_in_collectd_is_noticed() -> None:
    assert feed.syntax_error(["Unable to read config file /proc/self/fd/9."])
    assert not feed.syntax_error(["Plugin `irq' did not register for value `X'."])


def option(key: str, *values: object) -> object:
    return SimpleNamespace(key=key, values=values)


def test_settings_of_two_blocks_add_up() -> None:
    settings = Settings().with_options([option("Socket", "/run/x")])
    settings = settings.with_options([option("Disabled", "cpu"), option("disabled", "df"), option("Marker", "m")])
    assert settings == Settings("/run/x", ("cpu", "df"), "m")


@pytest.mark.parametrize(
    "bad", [option("Sock", "x"), option("Socket"), option("Socket", "a", "b"), option("Socket", 1.0)]
)
def test_bad_settings(bad: object) -> None:
    with pytest.raises(BadOption):
        Settings().with_options([bad])


@pytest.mark.parametrize("value", [0, -1, True, float("nan"), float("inf"), "1", 1e9, None])
def test_seconds_are_positive_and_finite(value: object) -> None:
    assert not parameters.seconds(value)


def test_parameters_are_checked_and_nulls_left_out() -> None:
    checks: dict[str, parameters.Check] = {"plugin": parameters.text, "interval": parameters.seconds}
    assert parameters.checked(checks, {"plugin": "cpu", "interval": None}) == {"plugin": "cpu"}
    wrong: list[dict[str, object]] = [{"plugin": 1}, {"other": 1}, {"plugin": "a\0"}]
    for bad in wrong:
        with pytest.raises(exception.BadRequest):
            parameters.checked(checks, bad)
