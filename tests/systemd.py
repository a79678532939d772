# SPDX-License-Identifier: Apache-2.0
"""A real systemd, for as long as a test takes: a manager of a user's units, in a directory and a cgroup of its own.

It is the same program as the one that boots a machine, and does the same to a unit. ``systemd --user`` only starts
where a system was booted with systemd, by the directory that that leaves in /run: so it is given a /run of its own, in
a mount namespace. Its own socket is in the test's directory, where ``systemctl --user`` of anybody finds it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from tests.waiting import PATIENCE, eventually

_PROGRAM = "/lib/systemd/systemd"

#: Inside the namespace: the cgroup, the /run of a booted system, and the manager in place of the shell.
_START = """
for group in {groups}; do mkdir -p "$group" && echo $$ > "$group/cgroup.procs"; done
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
exec {program} --user --log-target=console
"""

#: Where systemd keeps its groups: the first is its own hierarchy, of old kernels' layout; the others the unified one.
_HIERARCHIES = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")


class Systemd:
    """A context manager; ``systemctl`` and ``journalctl`` are paths of commands that speak to this one."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="cm-", dir="/tmp"))
        self._units = self.directory / "config/systemd/user"
        self._units.mkdir(parents=True)
        (self.directory / "run").mkdir(mode=0o700)
        self.systemctl = self._command("systemctl")
        self.journalctl = self._command("journalctl")
        self._groups = [
            Path(root) / self.directory.name for root in _HIERARCHIES if Path(root, "cgroup.procs").exists()
        ]

    def unit(self, name: str, text: str) -> None:
        """Have this unit; before the start or after it."""
        (self._units / name).write_text(text)

    def drop_ins(self, name: str) -> Path:
        """The directory of those of this unit."""
        directory = self._units / f"{name}.d"
        directory.mkdir(exist_ok=True)
        return directory

    def ctl(self, *arguments: str) -> str:
        return subprocess.run([self.systemctl, *arguments], check=True, capture_output=True, text=True).stdout

    @property
    def _environment(self) -> dict[str, str]:
        place = str(self.directory)
        return {
            "PATH": os.environ["PATH"],
            "HOME": place,
            "XDG_RUNTIME_DIR": f"{place}/run",
            "XDG_CONFIG_HOME": f"{place}/config",
        }

    def _command(self, name: str) -> str:
        """The same command, said to whom."""
        path = self.directory / name
        settings = " ".join(f"{key}={value}" for key, value in self._environment.items())
        path.write_text(f'#!/bin/sh\nexec env {settings} {name} --user "$@"\n')
        path.chmod(0o755)
        return str(path)

    def __enter__(self) -> Systemd:
        script = _START.format(groups=" ".join(map(str, self._groups)), program=_PROGRAM)
        command = ["unshare", "--mount", "sh", "-euc", script]
        with (self.directory / "log").open("wb") as log:
            self._manager = subprocess.Popen(
                command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise
        return self

    def _wait(self) -> None:
        def log() -> str:
            return (self.directory / "log").read_text()

        eventually(lambda: self._runs() or self._manager.poll() is not None, tell=log)
        assert self._manager.poll() is None, log()

    def _runs(self) -> bool:
        # Not is-system-running: that looks at the machine first.
        command = [self.systemctl, "show", "--property=SystemState", "--value"]
        answer = subprocess.run(command, check=False, capture_output=True, text=True)
        return answer.stdout.strip() in ("running", "degraded")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it and its units."""
        self._manager.send_signal(signal.SIGTERM)
        try:
            self._manager.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._manager.kill()
            self._manager.wait()
        for group in self._groups:
            _remove(group)
        shutil.rmtree(self.directory, ignore_errors=True)


def _remove(group: Path) -> None:
    """A group and those below it; by then they are empty."""
    for path, _, _ in os.walk(group, topdown=False):
        os.rmdir(path)
