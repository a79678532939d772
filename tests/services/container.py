# SPDX-License-Identifier: Apache-2.0
"""A container of podman's, with the root of this machine below a layer of its own: no image, no registry."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterable, Sequence

from tests.waiting import eventually

_PODMAN = ("podman", "--runtime", "runc")

_LIMITS = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024")


class Container:
    """Made, and not started.

    :param volumes: as podman takes them, ``FROM:TO:OPTIONS``
    :param options: more words for ``podman create``
    """

    def __init__(self, command: Sequence[str], volumes: Iterable[str], options: Sequence[str] = ()) -> None:
        self.name = f"cm-{uuid.uuid4().hex[:12]}"
        places = [word for each in volumes for word in ("--volume", each)]
        self._podman(
            "create", "--name", self.name, "--network", "host", *_LIMITS, *options, *places, "--rootfs", "/:O", *command
        )

    @property
    def start_command(self) -> str:
        return " ".join([*_PODMAN, "start", self.name])

    @property
    def stop_command(self) -> str:
        return " ".join([*_PODMAN, "stop", "--time", "20", self.name])

    @property
    def log_command(self) -> str:
        return " ".join([*_PODMAN, "logs", "--tail", "100", self.name])

    @property
    def pid(self) -> int:
        """Of its first process, as this machine has it."""
        return int(self._podman("inspect", "--format", "{{.State.Pid}}", self.name))

    def start(self) -> None:
        self._podman("start", self.name)

    def stop(self) -> None:
        self._podman("stop", "--time", "20", self.name)

    def log(self) -> str:
        return self._podman("logs", self.name)

    def remove(self) -> None:
        """Whatever runs in it is killed. What another podman of this machine looks at cannot be unmounted meanwhile."""
        eventually(lambda: _run("rm", "--force", "--time", "0", "--ignore", self.name).returncode == 0)

    def _podman(self, *words: str) -> str:
        done = _run(*words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_PODMAN, *words], check=False, capture_output=True, text=True)
