# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of the tests' own."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import psycopg2

from tests.services.database import Database
from tests.services.place import as_user, owned
from tests.services.process import Process


class PostgreSQL(Database):
    ends = signal.SIGINT

    def __init__(self) -> None:
        super().__init__()
        self._programs = _programs()
        self._data = owned(self.home / "data", "postgres")
        server = [
            *as_user("postgres"),
            str(self._programs / "postgres"),
            f"-D{self._data}",
            f"-p{self.port}",
            f"-k{self._data}",
            "-clisten_addresses=127.0.0.1",
            # A crash of the machine does not matter to a test.
            "-cfsync=off",
            "-cshared_buffers=32MB",
        ]
        self.server = Process(server, self.home / "postgresql.log")

    def _is_installed(self) -> bool:
        return (self._data / "PG_VERSION").exists()

    def _create(self, name: str) -> str:
        connection = self._connect()
        connection.autocommit = True
        connection.cursor().execute(f"CREATE DATABASE {name}")
        connection.close()
        return f"postgresql+psycopg2://postgres@127.0.0.1:{self.port}/{name}"

    def _install(self) -> None:
        command = [str(self._programs / "initdb"), f"-D{self._data}", "-Atrust", "-EUTF8", "--locale=C.UTF-8"]
        command += ["--username=postgres", "--no-sync"]
        done = subprocess.run([*as_user("postgres"), *command], capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            raise RuntimeError(f"initdb failed:\n{done.stdout}{done.stderr}")

    def _connect(self) -> psycopg2.extensions.connection:
        return psycopg2.connect(host="127.0.0.1", port=self.port, user="postgres", dbname="postgres", connect_timeout=5)

    def _takes_clients(self) -> bool:
        try:
            self._connect().close()
        except psycopg2.OperationalError:
            return False
        return True


def _programs() -> Path:
    """Debian keeps the server's programs off PATH, in a folder per version: the newest."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    if not folders:
        raise RuntimeError("PostgreSQL's programs are not in /usr/lib/postgresql")
    return folders[-1]
