# SPDX-License-Identifier: Apache-2.0
"""A Keystone of the tests' own, on SQLite, from the virtualenv .venvs/keystone that tools/test makes."""

from __future__ import annotations

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from cryptography.fernet import Fernet
from keystoneauth1 import session
from keystoneauth1.identity import v3

from tests.services.identity import PASSWORD, REGION, SERVICE_PROJECT, SERVICE_USER, Identity
from tests.services.place import directory, free_port
from tests.services.process import Process

_PROGRAMS = Path(__file__).parents[2] / ".venvs" / "keystone" / "bin"
_QUIET = {"PYTHONWARNINGS": "ignore"}


class Keystone:
    """``url`` is the identity endpoint. Who is there: tests/services/identity.py; everybody's password is PASSWORD."""

    def __init__(self) -> None:
        self.home = directory()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/v3"
        self._file = self.home / "keystone.conf"
        self._file.write_text(_configuration(self.home))
        # No arguments: Keystone would take gunicorn's for its own.
        env = {"OS_KEYSTONE_CONFIG_FILES": str(self._file), "GUNICORN_CMD_ARGS": f"--config={self.home}/gunicorn.py"}
        (self.home / "gunicorn.py").write_text(_server(self.port))
        self.server = Process([str(_PROGRAMS / "gunicorn")], self.home / "keystone.log", {**env, **_QUIET})
        #: Where services remember the tokens that they have asked about.
        self.memcached = f"127.0.0.1:{free_port()}"
        listen = [f"--{name}={word}" for name, word in zip(("listen", "port"), self.memcached.split(":"), strict=True)]
        self._memory = Process(["memcached", *listen, "--user=nobody"], self.home / "memcached.log")

    def start(self) -> None:
        """Start it (and fill its database, the first time) and wait until it answers."""
        new = not (self.home / "keystone.db").exists()
        if new:
            self._bootstrap()
        self._memory.start()
        self.server.start()
        self.server.wait_until(self._answers)
        if new:
            Identity(self.session("admin", "admin")).seed()

    def close(self) -> None:
        self.server.stop()
        self._memory.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def session(self, user: str, project: str) -> session.Session:
        """A keystoneauth session of ``user`` in ``project``."""
        password = v3.Password(
            auth_url=self.url,
            username=user,
            password=PASSWORD,
            project_name=project,
            user_domain_id="default",
            project_domain_id="default",
        )
        return session.Session(auth=password)

    def token(self, user: str, project: str = "demo") -> str:
        """A fresh token for the header X-Auth-Token."""
        return str(self.session(user, project).get_token())

    def register(self, name: str, kind: str, url: str) -> None:
        """Put a service with one public endpoint into the catalogue."""
        Identity(self.session("admin", "admin")).register(name, kind, url)

    def environment(self, user: str, project: str = "demo") -> dict[str, str]:
        """The OS_* variables with which the ``openstack`` command is ``user`` in ``project``."""
        return {
            "OS_AUTH_TYPE": "password",
            "OS_AUTH_URL": self.url,
            "OS_IDENTITY_API_VERSION": "3",
            "OS_REGION_NAME": REGION,
            "OS_USERNAME": user,
            "OS_PASSWORD": PASSWORD,
            "OS_PROJECT_NAME": project,
            "OS_USER_DOMAIN_ID": "default",
            "OS_PROJECT_DOMAIN_ID": "default",
        }

    def authtoken(self, memcached: bool = True) -> dict[str, str]:
        """The options of ``[keystone_authtoken]`` for a service that validates tokens here.

        :param memcached: whether it has a client for one; it asks about a token once then
        """
        memory = {"memcached_servers": self.memcached} if memcached else {}
        return {
            **memory,
            "auth_type": "password",
            "auth_url": self.url,
            "www_authenticate_uri": self.url,
            "username": SERVICE_USER,
            "password": PASSWORD,
            "project_name": SERVICE_PROJECT,
            "user_domain_id": "default",
            "project_domain_id": "default",
            "region_name": REGION,
            "service_token_roles": "service",
            "service_token_roles_required": "true",
        }

    def _bootstrap(self) -> None:
        self._manage(["db_sync"])
        urls = [f"--bootstrap-{kind}-url={self.url}" for kind in ("public", "internal", "admin")]
        self._manage(["bootstrap", f"--bootstrap-password={PASSWORD}", f"--bootstrap-region-id={REGION}", *urls])

    def _manage(self, arguments: list[str]) -> None:
        command = [str(_PROGRAMS / "keystone-manage"), f"--config-file={self._file}", *arguments]
        env = {**os.environ, **_QUIET}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=env)
        if done.returncode:
            raise RuntimeError(f"keystone-manage {arguments[0]} failed:\n{done.stdout}{done.stderr}")

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            return False
        return True


def _server(port: int) -> str:
    return f"""
wsgi_app = "keystone.wsgi.api:application"
bind = "127.0.0.1:{port}"
threads = 4
control_socket_disable = True
"""


def _configuration(home: Path) -> str:
    for name in ("fernet", "credential"):
        (home / name).mkdir(mode=0o700)
        # The next key and the one in use, as fernet_setup and credential_setup would write them.
        for number in ("0", "1"):
            (home / name / number).write_bytes(Fernet.generate_key())
    return f"""
[database]
connection = sqlite:///{home}/keystone.db
[token]
provider = fernet
[fernet_tokens]
key_repository = {home}/fernet
[fernet_receipts]
key_repository = {home}/fernet
[credential]
key_repository = {home}/credential
[identity]
# The cheapest hash there is: these passwords guard nothing.
password_hash_rounds = 4
[cache]
enabled = true
# Its one process is told of every change. Without, each token costs hundreds of queries.
backend = dogpile.cache.memory_pickle
[oslo_messaging_notifications]
driver = noop
"""
