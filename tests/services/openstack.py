# SPDX-License-Identifier: Apache-2.0
"""What Gnocchi, Ceilometer and Aodh of the tests have in common: programs, configuration, a server for an API."""

from __future__ import annotations

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.services.keystone import Keystone
from tests.services.place import directory, free_port
from tests.services.process import Process

PROGRAMS = Path(__file__).parents[2] / ".venvs" / "telemetry" / "bin"

#: What their libraries have to say of each other is not for us.
QUIET = {"PYTHONWARNINGS": "ignore"}

_SERVER = """
wsgi_app = "{module}:application"
bind = "127.0.0.1:{port}"
threads = 4
control_socket_disable = True
"""

Sections = Mapping[str, Mapping[str, object]]


class Place:
    """The directory of a service, with its configuration where it looks for it: by its name, below its HOME."""

    def __init__(self, name: str, sections: Callable[[Path], Sections]) -> None:
        self.home = directory()
        self.file = self.home / f".{name}" / f"{name}.conf"
        self.file.parent.mkdir()
        self.file.write_text(_text(sections(self.home)))
        self.env = {**QUIET, "HOME": str(self.home)}

    def run(self, program: str) -> None:
        """To its end. :raises RuntimeError: when that is no good one"""
        command, env = self._command(program), {**os.environ, **self.env}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env=env, timeout=600)
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")

    def daemon(self, program: str) -> Process:
        return Process(self._command(program), self.home / f"{program}.log", self.env)

    def _command(self, program: str) -> list[str]:
        return [str(PROGRAMS / program), f"--config-file={self.file}"]

    def api(self, module: str) -> Api:
        port = free_port()
        settings = self.home / "gunicorn.py"
        settings.write_text(_SERVER.format(module=module, port=port))
        # No arguments: the services would take gunicorn's for their own.
        env = {**self.env, "GUNICORN_CMD_ARGS": f"--config={settings}"}
        return Api(Process([str(PROGRAMS / "gunicorn")], self.home / "api.log", env), f"http://127.0.0.1:{port}")


class Api:
    """A server, and where it answers."""

    def __init__(self, process: Process, url: str) -> None:
        self.process = process
        self.url = url

    def start(self) -> None:
        """It answers when this returns."""
        self.process.start()
        self.process.wait_until(self._answers)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(self.url, timeout=5).close()
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False
        return True


def credentials(keystone: Keystone) -> dict[str, object]:
    """The options of ``[service_credentials]`` for one who reads everybody's metrics."""
    environment = keystone.environment("admin", "admin")
    names = {name.removeprefix("OS_").lower(): value for name, value in environment.items()}
    return {"interface": "public", **{name: value for name, value in names.items() if name != "identity_api_version"}}


def _text(sections: Sections) -> str:
    return "\n".join(
        f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
        for name, values in sections.items()
    )
