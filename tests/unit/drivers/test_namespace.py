# SPDX-License-Identifier: Apache-2.0
"""A trial runs whatever keeps it from a mount namespace of its own, and it is told then."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from collectd_mgr.drivers import namespace

#: Ends whoever calls mount_setattr, as a filter of systemd's does where nothing else is said, and runs a command.
_FILTERED = """
import ctypes, os, struct, sys
instructions = ((0x20, 0, 0, 0), (0x15, 0, 1, 442), (0x06, 0, 0, 0x80000000), (0x06, 0, 0, 0x7FFF0000))
program = b"".join(struct.pack("HBBI", *each) for each in instructions)
libc, text = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(program)
of = ctypes.create_string_buffer(struct.pack("HP", len(instructions), ctypes.addressof(text)))
assert libc.prctl(22, ctypes.c_ulong(2), of, 0, 0) == 0, ctypes.get_errno()
os.execvp(sys.argv[1], sys.argv[1:])
"""


def ran(directory: Path, under: Sequence[str] = ()) -> tuple[str, list[str]]:
    """What a command has that tries to write a file beside ``directory``."""
    own = directory / "own"
    own.mkdir()
    script = 'echo x > own/file && echo own; (echo x > other) 2>/dev/null && echo other; echo "the end"'
    command = [*under, *namespace.command(own, ["sh", "-c", script])]
    said = subprocess.run(command, cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True)
    return namespace.told(said.stdout.decode().splitlines())


def test_in_it_nothing_can_be_written_but_what_is_its_own(tmp_path: Path) -> None:
    assert ran(tmp_path) == (namespace.NAMESPACE, ["own", "the end"])
    assert (tmp_path / "own" / "file").exists()


@pytest.mark.parametrize(
    "under",
    [("setpriv", "--bounding-set=-sys_admin", "--"), (sys.executable, "-c", _FILTERED)],
    ids=["without the right to it", "where who tries is ended"],
)
def test_where_it_may_not_be_the_command_runs_all_the_same(tmp_path: Path, under: Sequence[str]) -> None:
    assert ran(tmp_path, under) == (namespace.PATHS, ["own", "other", "the end"])


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = subprocess.run(namespace.command(tmp_path, ["/no/such"]), stderr=subprocess.PIPE, check=False)
    assert (said.returncode, said.stderr) == (1, b"/no/such: No such file or directory\n")
