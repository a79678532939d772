# SPDX-License-Identifier: Apache-2.0
"""The contract of a time source. They are loaded by stevedore from ``collectd_mgr.time_sources``."""

from __future__ import annotations

import abc
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from collectd_mgr import exception
from collectd_mgr.domain.clock import TimeReport
from collectd_mgr.drivers import entry_points

#: The entry point namespace.
NAMESPACE = "collectd_mgr.time_sources"


class Silent(Exception):
    """The service does not answer on this host, or not so that it could be understood; the message says why."""


@dataclass(frozen=True)
class TimeSettings:
    """``[clock]`` of the agent's configuration.

    :param sources: the time sources to ask, in this order; the first that answers is the host's
    :param allow_step: whether the clock may be set, rather than slewed, because the server asks for it
    :param chrony_address: of chronyd, for ``chronyc -h``; chronyc's own default when empty
    :param ntpd_restart: the command that has ntpd ask its servers anew; likewise ``timesyncd_restart``
    :param patience: seconds that a service may take for an answer
    """

    sources: tuple[str, ...] = ()
    allow_step: bool = False
    chronyc: str = "chronyc"
    chrony_address: str = ""
    ntpd_address: str = "127.0.0.1"
    ntpd_port: int = 123
    ntpd_restart: str = "systemctl restart ntpsec.service"
    busctl: str = "busctl"
    timesyncd_restart: str = "systemctl restart systemd-timesyncd.service"
    patience: float = 2.0


class TimeSource(abc.ABC):
    """One time service, as it may run on a host. Any thread may call any method."""

    name: ClassVar[str]

    @abc.abstractmethod
    def __init__(self, settings: TimeSettings) -> None:
        """Touches nothing: no socket, no process."""

    @abc.abstractmethod
    def read(self) -> TimeReport:
        """What the service says now. It changes nothing and starts nothing; takes ``patience`` at most.

        :raises Silent: the service does not run here, or cannot be understood
        """

    @abc.abstractmethod
    def correct(self, step: bool) -> str:
        """Have the service compare the clock and correct it, as a sentence of what was asked.

        Called only for a service that answered. Where neither ``step`` is true nor ``[clock] allow_step``, nothing
        that it does may set the clock, and it is only called if the report said so. Returns when the service has been
        asked, not when the clock is right. Safe to repeat.

        :param step: it may set the clock
        :raises ClockSyncFailed: in the words of the service
        """


def load(settings: TimeSettings) -> list[TimeSource]:
    """The sources that ``settings`` name, in this order.

    :raises NoTimeSource: with one sentence, when there is none of a name or it cannot be imported
    """
    return entry_points.load(
        NAMESPACE, settings.sources, settings, "time source {} of [clock] sources", exception.NoTimeSource
    )


def output(command: Sequence[str], patience: float) -> str:
    """What ``command`` prints. :raises Silent: it is not there, fails or takes too long; in its own words"""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patience, check=False
        )
    except FileNotFoundError:
        raise Silent(f"{command[0]} is not installed") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Silent(f"{command[0]}: {error}") from None
    if done.returncode:
        raise Silent(_last_words((done.stderr, done.stdout)) or f"{command[0]} ended with {done.returncode}")
    return done.stdout


def asked(command: Sequence[str], patience: float) -> str:
    """``command``, carried out: as a sentence. :raises ClockSyncFailed: in its own words"""
    line = " ".join(command)
    try:
        output(command, patience)
    except Silent as error:
        raise exception.ClockSyncFailed(f"{line}: {error}") from None
    return line


def _last_words(texts: Iterable[str]) -> str:
    return next((text.strip().splitlines()[-1] for text in texts if text.strip()), "")
