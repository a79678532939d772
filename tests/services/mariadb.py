# SPDX-License-Identifier: Apache-2.0
"""A MariaDB of the tests' own."""

from __future__ import annotations

import shutil
import subprocess

import pymysql

from tests.services.database import Database
from tests.services.place import as_user, owned
from tests.services.process import Process


class MariaDB(Database):
    def __init__(self) -> None:
        super().__init__()
        data = owned(self.home / "data", "mysql")
        # Not /tmp: each server that starts removes there what looks like temporary tables, those of another one too.
        self._options = ["--no-defaults", f"--datadir={data}", f"--tmpdir={data}"]
        server = [
            *as_user("mysql"),
            shutil.which("mariadbd") or "/usr/sbin/mariadbd",
            *self._options,
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            f"--socket={data}/socket",
            f"--pid-file={data}/pid",
            # A crash of the machine does not matter to a test; a crash of the server still does.
            "--innodb-flush-log-at-trx-commit=2",
            "--innodb-buffer-pool-size=64M",
            "--character-set-server=utf8mb4",
        ]
        self.server = Process(server, self.home / "mariadb.log")

    def _is_installed(self) -> bool:
        return (self.home / "data" / "mysql").exists()

    def _create(self, name: str) -> str:
        with self._connect() as connection:
            connection.cursor().execute(f"CREATE DATABASE {name}")
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{name}?charset=utf8mb4"

    def _install(self) -> None:
        command = ["mariadb-install-db", *self._options, "--auth-root-authentication-method=normal", "--skip-test-db"]
        done = subprocess.run([*as_user("mysql"), *command], capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            raise RuntimeError(f"mariadb-install-db failed:\n{done.stdout}{done.stderr}")

    def _connect(self) -> pymysql.connections.Connection[pymysql.cursors.Cursor]:
        return pymysql.connect(host="127.0.0.1", port=self.port, user="root", connect_timeout=5)

    def _takes_clients(self) -> bool:
        try:
            self._connect().close()
        except pymysql.err.OperationalError:
            return False
        return True
