# SPDX-License-Identifier: Apache-2.0
"""A node on which the plugin's phases run: what they write is below one directory, what they call is recorded."""

from __future__ import annotations

import configparser
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]

#: Recorded, and little else; what they print is what the functions expect. They are in the node's directory.
_COMMANDS = {
    "apt-get": "",
    "a2enmod": "",
    "a2ensite": "",
    "a2query": "",
    "a2dissite": "",
    "collectd-mgr-agent": "echo '# the snippet'",
    "collectd-mgr-manage": "case $* in *new*) echo THE_KEY ;; esac",
    "curl": "echo 200",
    "mysql": "",
    "openstack": "case $* in *' show '*) exit 1 ;; *list*) ;; *) echo 1d ;; esac",
    "pip": "",
    "python3": f'exec {sys.executable} "$@"',
    "rabbitmqctl": "",
    "systemctl": "case $* in start*collectd-mgr-agent*) mkdir -p state/extension ;; esac",
    "systemd-tmpfiles": "",
    "uwsgi": "",
}

#: As root already: without the options and assignments before the command, and ours in the place of an absolute one.
_SUDO = """#!/bin/sh
while [ "$#" -gt 0 ]; do case $1 in -*|*=*) shift ;; *) break ;; esac; done
command=${1##*/}
shift
exec "$command" "$@"
"""

_CONTROL = "key,mysql,rabbit"


class Node:
    """One machine. ``local`` is what its local.conf has beside the places.

    :param control: whether Keystone, the database and RabbitMQ are here
    :param commands: shell lines in the place of the commands that are only recorded otherwise
    """

    def __init__(
        self,
        place: Path,
        control: bool = True,
        local: Mapping[str, object] | None = None,
        commands: Mapping[str, str] | None = None,
    ) -> None:
        self.place = place
        self.local = {**self._places(), **_services(control), **(local or {})}
        (place / "bin").mkdir(parents=True)
        for directory in ("collectd", "tmpfiles.d", "units"):
            (place / directory).mkdir()
        self.localrc = place / "localrc"
        self.localrc.write_text("".join(f"{name}={shlex.quote(str(value))}\n" for name, value in self.local.items()))
        for name, text in {**_COMMANDS, **(commands or {})}.items():
            self._command(name, f'#!/bin/sh\necho "{name} $*" >>{self._record}\ncd {place}\n{text}\n')
        self._command("sudo", _SUDO)

    @property
    def _record(self) -> Path:
        return self.place / "calls"

    def _places(self) -> dict[str, object]:
        place = self.place
        return {
            "STACK_USER": "root",
            "DEST": place,
            "DEVSTACK_VENV": place,
            "SYSTEMD_DIR": place / "units",
            "SYSTEMCTL": "sudo systemctl",
            "COLLECTD_MGR_DIR": ROOT,
            "COLLECTD_MGR_CONF_DIR": place / "etc",
            "COLLECTD_MGR_STATE_DIR": place / "state",
            "COLLECTD_MGR_RUN_DIR": place / "run",
            "COLLECTD_MGR_TMPFILES_DIR": place / "tmpfiles.d",
            "COLLECTD_MGR_COLLECTD_CONF": place / "collectd/collectd.conf",
            "COLLECTD_MGR_HOST": "cn1.example.org",
        }

    def _command(self, name: str, text: str) -> None:
        path = self.place / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def run(self, *phases: str) -> list[str]:
        """Run ``"stack install"`` and the like, and answer the commands that they called; fails when one does."""
        self._record.unlink(missing_ok=True)
        env = {**os.environ, "PATH": f"{self.place}/bin:{os.environ['PATH']}", "LOCALRC": str(self.localrc)}
        # The directory of a DevStack, for whoever wants to try its own functions instead of the stand-ins.
        env["DEVSTACK"] = os.environ.get("CM_DEVSTACK", "")
        command = [str(ROOT / "tests/devstack/phases.sh"), str(ROOT / "devstack"), *phases]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
        return self._record.read_text().splitlines() if self._record.exists() else []

    def ini(self, path: str) -> dict[str, dict[str, str]]:
        """A configuration file that a phase wrote, by section."""
        parser = configparser.ConfigParser(interpolation=None)
        assert parser.read(self.place / path), path
        return {name: dict(parser[name]) for name in [*parser.sections(), *(["DEFAULT"] if parser.defaults() else [])]}

    def program(self, unit: str) -> tuple[list[str], dict[str, str]]:
        """What systemd would run for ``devstack@something``, and what it would add to the environment."""
        service = self.ini(f"units/{unit}.service")["Service"]
        added = (item.partition("=") for item in shlex.split(service.get("environment", "")))
        return shlex.split(service["execstart"]), {name: value for name, _, value in added}

    def close(self) -> None:
        """Remove it, and the collectd that its agent started."""
        pid = self.place / "state/collectd.pid"
        if pid.exists():
            os.kill(int(pid.read_text().split()[0]), signal.SIGTERM)
        shutil.rmtree(self.place, ignore_errors=True)

    def files(self) -> set[str]:
        """What there is beside what was there from the start, and the units, which DevStack leaves."""
        kept = {"bin", "localrc", "calls", "units"}
        found = (path.relative_to(self.place) for path in self.place.rglob("*") if not path.is_dir())
        return {str(path) for path in found if path.parts[0] not in kept}


def _services(control: bool) -> dict[str, object]:
    rabbit = {"RABBIT_HOST": "192.0.2.1", "RABBIT_USERID": "stackrabbit", "RABBIT_PASSWORD": "rabbits"}
    common: dict[str, object] = {
        **rabbit,
        "GLOBAL_VENV": "True",
        "REQUIREMENTS_DIR": "",
        "NO_UPDATE_REPOS": "True",
        "SERVICE_HOST": "192.0.2.1",
        "SERVICE_PROTOCOL": "http",
        "SERVICE_PASSWORD": "secret",
        "SERVICE_PROJECT_NAME": "service",
        "SERVICE_DOMAIN_NAME": "Default",
        "REGION_NAME": "RegionOne",
        "KEYSTONE_SERVICE_URI": "http://192.0.2.1/identity",
        "MEMCACHE_SERVERS": "",
        "API_WORKERS": 1,
        "WORKER_TIMEOUT": 10,
        "SERVICE_TIMEOUT": 60,
        "ENABLE_DEBUG_LOG_LEVEL": "True",
        "ENABLED_SERVICES": _CONTROL if control else "n-cpu",
    }
    if not control:
        return common
    database = {"DATABASE_USER": "root", "DATABASE_PASSWORD": "secret", "MYSQL_HOST": "127.0.0.1"}
    return {**common, **database, "BASE_SQL_CONN": "mysql+pymysql://root:secret@127.0.0.1"}
