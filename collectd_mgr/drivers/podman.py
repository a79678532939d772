# SPDX-License-Identifier: Apache-2.0
"""collectd in containers of podman's, which the agent alone starts: podman itself starts none again."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from collectd_mgr import exception
from collectd_mgr.domain import program as programs_of
from collectd_mgr.drivers import bundle, instance
from collectd_mgr.drivers.account import account
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.launcher import Launcher, arguments, key, key_file, mark, unfit
from collectd_mgr.drivers.process import Process, look, marked
from collectd_mgr.drivers.words import words

LOG = logging.getLogger(__name__)

#: States of a container in which nothing of it runs.
_IDLE = frozenset({"configured", "created", "exited", "initialized", "stopped"})

#: With which podman ends where it made or started no container, and no command in one is to blame.
_OWN_FAILURE = 125

#: Seconds for podman to say something, where nothing is started.
_PATIENCE = 60.0


class Podman(Launcher):
    """Each process of collectd is a container of its own, removed with it.

    They have the pids of the host: the agent and two instances know each other by these. A container has a name, so
    that of two agents' starts, one cut off by a kill, one is left.
    """

    kind: ClassVar[str] = programs_of.IMAGE

    def __init__(self, settings: DriverSettings) -> None:
        self.configured = settings.image
        self._settings = settings
        self._account = account(settings.user)
        self._instances = instance.directory(settings)
        self._mark, self._key = mark(settings), key(settings.state_dir)
        self._podman = words(settings.podman)
        self._options = words(settings.podman_options)

    def launch(self, program: str, config_file: str, output: int, heir_of: Process | None = None) -> Process | None:
        """What podman has to say goes to ``output`` as well. Each has of limits and rights what the options say."""
        name = self._name(config_file)
        self._account.pass_through(self._instances)
        # No restart policy, whatever the options say: two owners would start two daemons.
        own = ["--detach", "--rm", "--restart", "no", "--name", name, "--pid", "host", "--log-driver", "passthrough"]
        own += ["--env", self._mark, *self._secret(), "--label", self._mark, *self._user(), *self._places()]
        command = [*self._podman, "run", *self._options, *own, *self._collectd(program), *arguments(config_file)]
        code = self._run(command, name, output)
        if code == _OWN_FAILURE and self._is_taken(name):
            code = self._run(command, name, output)
        return self._of(name) if code == 0 else None

    def _secret(self) -> list[str]:
        """The key, not on a command line that anybody may read."""
        file = key_file(self._settings.state_dir)
        return ["--env-file", str(file)] if file.exists() else ["--env", self._key]

    def _is_taken(self, name: str) -> bool:
        """Whether it is, by an earlier start that was cut off with its agent since: podman goes on by itself."""
        try:
            self._ask("container", "exists", "--external", name)
        except exception.DaemonNotStarted:
            return False
        return True

    def _run(self, command: Sequence[str], name: str, output: int) -> int:
        self._remove(name)
        try:
            return subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=self._settings.start_timeout,
                start_new_session=True,
                check=False,
            ).returncode
        except (OSError, subprocess.TimeoutExpired) as error:
            raise exception.DaemonNotStarted(f"{self._podman[0]}: {error}", messages=[]) from error

    def running(self, programs: Iterable[str], config_file: str) -> Iterator[Process]:
        """Of which image a process is, nobody can see; that it is ours is enough."""
        return iter(marked(arguments(config_file), self._mark, self._key))

    def usage(self, program: str) -> str:
        try:
            return self._ask("run", "--rm", *self._options, *self._user(), *self._collectd(program), "-h")
        except exception.DaemonNotStarted as error:
            raise unfit(program, f"it cannot be run: {error.detail}") from error

    def clear(self) -> None:
        """Containers that were made and do not run: a start that was cut off. Each start does so as well."""
        self._remove("")

    def _remove(self, name: str) -> None:
        """Of ours, those that do not run, and the one of this name, which has no collectd any more, or none yet.

        One of somebody else's keeps its name, and podman then refuses ours. podman may be removing the same ones by
        itself, and fail here: that is no reason to start nothing.
        """
        try:
            found = json.loads(self._ask("ps", "--all", "--filter", f"label={self._mark}", "--format", "json"))
            stale = [each["Id"] for each in found if each["State"] in _IDLE or name in each["Names"]]
            if stale:
                self._ask("rm", "--force", "--time", "0", "--ignore", *stale)
        except (exception.DaemonNotStarted, ValueError) as error:
            LOG.warning("What earlier containers have left may be there yet: %s", error)

    def _of(self, name: str) -> Process | None:
        try:
            return look(int(self._ask("container", "inspect", "--format", "{{.State.Pid}}", name)) or -1)
        except (exception.DaemonNotStarted, ValueError):
            return None

    def _name(self, config_file: str) -> str:
        """Of the instance of that file; that of the operator's has the bare one."""
        path = Path(config_file)
        return f"{self._settings.container}-{path.stem}" if path.parent == self._instances else self._settings.container

    def _collectd(self, program: str) -> list[str]:
        """The program itself, whatever its image would run; what is not here already is not fetched."""
        image = ["--rootfs", program] if program.startswith("/") else [program]
        return ["--pull", "never", "--entrypoint", self._settings.binary, *image]

    def _user(self) -> list[str]:
        return ["--user", f"{self._account.uid}:{self._account.gid}"] if self._account.user else []

    def _places(self) -> Iterator[str]:
        """What collectd needs of the agent's, under the same paths; it writes where the socket is, and nowhere else."""
        state, socket = self._settings.state_dir, Path(self._settings.socket).parent
        for place in (bundle.module_path(state), str(self._instances), self._settings.managed_dir):
            yield from ("--volume", f"{place}:{place}:ro")
        yield from ("--volume", f"{socket}:{socket}")

    def _ask(self, *command: str) -> str:
        """:raises DaemonNotStarted: with podman's last line"""
        return said(*self._podman, *command)


def said(*command: str) -> str:
    """What a command prints. :raises DaemonNotStarted: it failed; with its last line"""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise exception.DaemonNotStarted(f"{command[0]}: {error}", messages=[]) from error
    if done.returncode != 0:
        last: Sequence[str] = done.stderr.splitlines()[-1:] or [f"{command[0]} ended with {done.returncode}"]
        raise exception.DaemonNotStarted(last[0], messages=[])
    return done.stdout
