# SPDX-License-Identifier: Apache-2.0
"""How a process of collectd comes to be, where the agent itself is who starts it."""

from __future__ import annotations

import abc
import functools
import logging
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from collectd_mgr import disk, exception
from collectd_mgr.domain.build import Build
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.process import Process

LOG = logging.getLogger(__name__)

#: A variable of the environment.
MARK = "COLLECTD_MGR"


class Launcher(abc.ABC):
    """Starts programs, and knows their processes again. A program is named as :attr:`kind` says."""

    #: Of :mod:`collectd_mgr.domain.program`.
    kind: ClassVar[str]

    #: The program that the agent's own configuration names.
    configured: str

    @abc.abstractmethod
    def launch(self, program: str, config_file: str, output: int, heir_of: Process | None = None) -> Process | None:
        """Start ``collectd -f -C config_file``, which outlives the agent; None where it has ended already.

        :param output: a descriptor for what it writes to stdout and stderr
        :param heir_of: whose limits, CPUs and rights it is to have, rather than the agent's
        :raises DaemonNotStarted: no process came of it
        :raises NotCapable: the new one cannot be given what the other one has
        """

    def obstacle(self, heir_of: Process) -> str | None:
        """Why nothing that is started can be given what that process has, as far as is seen without a try."""
        return None

    @abc.abstractmethod
    def running(self, programs: Iterable[str], config_file: str) -> Iterator[Process]:
        """Every process that was started so, of one of these programs, by whichever agent."""

    @abc.abstractmethod
    def usage(self, program: str) -> str:
        """What ``collectd -h`` says. :raises ProgramUnfit: it cannot be run, or must not"""

    def clear(self) -> None:  # noqa: B027 - most leave nothing behind
        """Remove what starts that were cut off have left. Safe to repeat."""

    def build(self, program: str) -> Build:
        """What the program is, found out without touching the collectd that runs.

        :raises ProgramUnfit: it is no collectd, or one from before those that the extension knows
        """
        said = self.usage(program)
        build = Build.told(said)
        if build is None:
            raise unfit(program, "it is no collectd", None)
        if not build.recent:
            raise unfit(program, f"collectd {build.version} is older than 5.9, the first that can be managed", build)
        return build


def unfit(program: str, why: str, build: Build | None = None) -> exception.ProgramUnfit:
    return exception.ProgramUnfit(f"{program}: {why}.", program=program, version=build.version if build else None)


def mark(settings: DriverSettings) -> str:
    """What tells the processes of this agent from those of others: its own directory, in their environment."""
    return f"{MARK}={settings.state_dir}"


def key_file(state_dir: str) -> Path:
    """Where the other one is: a file of the environment, that nobody but the agent's user reads."""
    return Path(state_dir) / "launcher.env"


@functools.cache
def key(state_dir: str) -> str:
    """Another one, which no other user of the machine knows, but for those as whom collectd and what it starts run: a
    container runs as whoever its image says, so that its user tells nothing.

    Where it cannot be kept, a collectd is started all the same; the next agent finds it by its record alone.
    """
    file = key_file(state_dir)
    try:
        found = file.read_text(encoding="ascii").strip()
    except OSError:
        found = ""
    if not found:
        found = f"{MARK}_KEY={secrets.token_hex(16)}"
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            disk.replace(file, f"{found}\n")
        except OSError as error:
            LOG.warning("%s cannot be written: %s", file, error)
    return found


def arguments(config_file: str) -> tuple[str, ...]:
    """Of collectd, behind its name."""
    return ("-f", "-C", config_file)
