# SPDX-License-Identifier: Apache-2.0
"""A database server of the tests' own, of whatever kind."""

from __future__ import annotations

import abc
import itertools
import shutil
import signal
from typing import ClassVar

from tests.services.place import directory, free_port
from tests.services.process import Process


class Database(abc.ABC):
    """A kind of it sets ``server``."""

    server: Process
    #: Has it end without waiting for its clients to leave.
    ends: ClassVar[int] = signal.SIGTERM

    def __init__(self) -> None:
        self.home = directory()
        self.port = free_port()
        self._number = itertools.count(1)

    def start(self) -> None:
        """Start it (and make its files, the first time) and wait until a client can log in."""
        if not self._is_installed():
            self._install()
        self.server.start()
        self.server.wait_until(self._takes_clients)

    def stop(self) -> None:
        self.server.stop(self.ends)

    def kill(self) -> None:
        self.server.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def database(self) -> str:
        """Make an empty database; its SQLAlchemy URL, a new one with every call."""
        return self._create(f"test{next(self._number)}")

    @abc.abstractmethod
    def _create(self, name: str) -> str: ...

    @abc.abstractmethod
    def _is_installed(self) -> bool: ...

    @abc.abstractmethod
    def _install(self) -> None: ...

    @abc.abstractmethod
    def _takes_clients(self) -> bool: ...
