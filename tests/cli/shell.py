# SPDX-License-Identifier: Apache-2.0
"""The real ``openstack`` command, as a process of its own; see tests/forks.py for how that is quick."""

from __future__ import annotations

import functools
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.asked import Asked
from tests.forks import Forks, Said
from tests.waiting import PATIENCE

_MODULE = "openstackclient.shell"
OPENSTACK = str(Path(sys.executable).with_name("openstack"))


class Shell:
    """Calls with the ``OS_*`` variables of ``environment`` and no others; ``asked`` is told what is called."""

    def __init__(self, environment: dict[str, str], asked: Asked | None = None) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        self._given, self._asked = environment, asked or Asked()
        self._environment = {**inherited, **environment}
        self._forks = _forks()

    def but(self, **environment: str) -> Shell:
        """One like it, with these variables besides."""
        return Shell({**self._given, **environment}, self._asked)

    def __call__(self, *arguments: str, stdin: str = "") -> Said:
        """``openstack collectd`` with ``arguments``, however it ends."""
        with self._asked.by(arguments):
            return self._forks.run(_MODULE, ["collectd", *arguments], self._environment, stdin)

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

    def on_terminal(self, *arguments: str, once: str = "", then: Callable[[], None] = lambda: None) -> str:
        """All that a terminal would show, control sequences included; ``then`` is called once it shows ``once``."""
        master, slave = pty.openpty()
        command = [OPENSTACK, "collectd", *arguments]
        with (
            self._asked.by(arguments),
            subprocess.Popen(command, env=self._environment, stdin=slave, stdout=slave, stderr=slave) as process,
        ):
            os.close(slave)
            shown = b""
            while data := _read(master):
                before, shown = shown, shown + data
                if once and once.encode() in shown and once.encode() not in before:
                    then()
            assert process.wait(timeout=PATIENCE) == 0
        os.close(master)
        return shown.decode()


@functools.cache
def _forks() -> Forks:
    """One for all shells of the run."""
    return Forks("openstack", _MODULE)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        # The last program on a terminal has closed it.
        return b""
