# SPDX-License-Identifier: Apache-2.0
"""The pages of an installation, carried out as they stand: their files written, their commands run."""

from __future__ import annotations

import os
import re
import subprocess
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.services.process import Process

PAGES = Path(__file__).parents[2] / "doc" / "source"


def blocks(page: str, section: str) -> list[str]:
    """The literal blocks of a section, without their indentation."""
    text = (PAGES / f"{page}.rst").read_text()
    (body,) = re.findall(rf"^{re.escape(section)}\n=+\n(.*?)(?=^[^\n]+\n=+\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block).strip() for block in _literal(body.splitlines())]


def _literal(lines: list[str]) -> Iterator[str]:
    block: list[str] = []
    depth: int | None = None
    for line in [*lines, "end"]:
        indent = len(line) - len(line.lstrip())
        if depth is not None and (not line.strip() or indent > depth):
            block.append(line)
            continue
        if block:
            yield "\n".join(block)
        block, begins = [], line.rstrip().endswith("::") or line.lstrip().startswith(".. code-block::")
        # A numbered item begins where its text does.
        depth = indent + 3 * line.lstrip().startswith("#. ") if begins else None


class Machine:
    """One node or host: a home in which its programs find their configuration, commands, and what runs on it.

    :param said: what stands in the pages: what is meant here
    :param commands: the shell text of commands in the place of those that would be found
    """

    def __init__(
        self, home: Path, said: Mapping[str, str], env: Mapping[str, str], commands: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        self.said = dict(said)
        self.running: list[Process] = []
        (home / "bin").mkdir(parents=True)
        for name, text in (commands or {}).items():
            path = home / "bin" / name
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(0o755)
        self.env = {**os.environ, **env, "HOME": str(home), "PATH": f"{home}/bin:{env['PATH']}"}

    def meant(self, text: str) -> str:
        for said, meant in self.said.items():
            text = text.replace(said, meant)
        return text

    def configure(self, *texts: str) -> None:
        """``collectd-mgr.conf``, where the programs look for it."""
        file = self.home / ".collectd-mgr" / "collectd-mgr.conf"
        file.parent.mkdir(exist_ok=True)
        file.write_text("\n".join(self.meant(text) for text in texts) + "\n")

    def run(self, commands: str) -> str:
        """What they print; each must succeed."""
        command = ["bash", "-euc", self.meant(commands)]
        done = subprocess.run(command, env=self.env, cwd="/", capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{self.meant(commands)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def start(self, command: str) -> Process:
        process = Process(self.meant(command).split(), self.home / f"{len(self.running)}.log", self.env)
        process.start()
        self.running.append(process)
        return process

    def log(self) -> str:
        """The ends of what its programs have said."""
        return "".join(f"== {process.argv[0]}\n{process.tail()}\n" for process in self.running)

    def stop(self) -> None:
        for process in reversed(self.running):
            process.stop()
