# SPDX-License-Identifier: Apache-2.0
"""The real ``openstack`` command, as a process of its own."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPENSTACK = str(Path(sys.executable).with_name("openstack"))


@dataclass(frozen=True)
class Said:
    """What a command printed, and the code it ended with."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Shell:
    """Calls with the ``OS_*`` variables of ``environment`` and no others."""

    def __init__(self, environment: dict[str, str]) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        self._environment = {**inherited, **environment}

    def __call__(self, *arguments: str, stdin: str = "") -> Said:
        """``openstack collectd`` with ``arguments``, however it ends."""
        done = subprocess.run(
            [OPENSTACK, "collectd", *arguments],
            env=self._environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def ok(self, *arguments: str) -> Any:
        """What it printed as JSON; it must end with 0 and without a word on stderr."""
        said = self(*arguments, "-f", "json")
        assert (said.code, said.err) == (0, ""), said
        return said.json

    def error(self, *arguments: str) -> str:
        """The one line of a command that must fail with code 1 and print nothing else."""
        said = self(*arguments)
        assert said.code == 1, said
        assert said.out == "", said
        (line,) = said.err.splitlines()
        return line

    def on_terminal(self, *arguments: str) -> str:
        """All that a terminal would show, control sequences included."""
        master, slave = pty.openpty()
        with subprocess.Popen(
            [OPENSTACK, "collectd", *arguments], env=self._environment, stdin=slave, stdout=slave, stderr=slave
        ) as process:
            os.close(slave)
            shown = b"".join(iter(lambda: _read(master), b""))
            assert process.wait(timeout=60) == 0
        os.close(master)
        return shown.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        # The last program on a terminal has closed it.
        return b""
