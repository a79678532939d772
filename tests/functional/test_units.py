# SPDX-License-Identifier: Apache-2.0
"""The units of the API and of the conductor as they are shipped, under a real systemd: they answer, write where they
may, and end.

What differs on the machine of a test: where the programs and the configuration are, the port, that there is no user for
them, and fewer processes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.cmd import configuration
from collectd_mgr.db import schema, sealing
from collectd_mgr.db.engine import Database
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc import status, transport
from tests.functional.deployment import Caller, write
from tests.services.place import free_port
from tests.services.rabbitmq import RabbitMQ
from tests.systemd import Systemd
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
API = "collectd-mgr-api.service"
CONDUCTOR = "collectd-mgr-conductor.service"
UNITS = (CONDUCTOR, API)

HOST = "cn1.units.example.org"

#: The machine is shut off as strictly as by the unit, but for the interpreter, which may be in a home, and the test's
#: place, which is in /tmp.
_HERE = """[Service]
ProtectHome=tmpfs
BindReadOnlyPaths={base} {root} {place}
ReadWritePaths={place}/data
Environment=HOME={place} OS_DEFAULT__LOG_DIR=%L/collectd-mgr OS_OSLO_CONCURRENCY__LOCK_PATH=%t/collectd-mgr-locks
ExecStopPost=/bin/sh -c 'echo $$SERVICE_RESULT $$EXIT_CODE $$EXIT_STATUS >{place}/data/%n'
"""


class Server:
    """Both units, with their configuration and database, not started."""

    def __init__(self, systemd: Systemd, bus: str) -> None:
        self._systemd = systemd
        self.place = systemd.directory
        self.url = f"http://127.0.0.1:{free_port()}"
        for name in ("data", ".collectd-mgr"):
            (self.place / name).mkdir()
        conf = self.place / ".collectd-mgr/collectd-mgr.conf"
        write(conf, _sections(self.place, bus))
        self.conf = configuration.new()
        self.conf(["--config-file", str(conf)], project=configuration.PROJECT)
        database = Database(self.conf)
        schema.sync(database)
        database.close()
        here = _HERE.format(base=sys.base_prefix, root=ROOT, place=self.place)
        for unit in UNITS:
            systemd.unit(unit, self._here((ROOT / "etc/systemd" / unit).read_text()))
            (systemd.drop_ins(unit) / "here.conf").write_text(here)

    def _here(self, text: str) -> str:
        said = {
            "/opt/collectd-mgr/bin/": f"{Path(sys.executable).parent}/",
            "User=collectd-mgr": "User=root",
            "0.0.0.0:8913": self.url.removeprefix("http://"),
            "--workers 4": "--workers 1",
        }
        for theirs, ours in said.items():
            text = text.replace(theirs, ours)
        return text

    def sees(self, unit: str) -> Path:
        """The machine's root as the process of the unit sees it."""
        pid = self._systemd.ctl("show", "--property=MainPID", "--value", unit).strip()
        return Path(f"/proc/{pid}/root")

    def log(self) -> str:
        return "".join(path.read_text() for path in self.logs())

    def logs(self) -> list[Path]:
        """Where that is below a user's home depends on the release of systemd."""
        return sorted(self.place.glob("**/log/collectd-mgr/*"))

    def ended(self) -> set[str]:
        return {(self.place / "data" / unit).read_text() for unit in UNITS}


def _sections(place: Path, bus: str) -> dict[str, dict[str, object]]:
    return {
        "DEFAULT": {"transport_url": bus},
        "database": {"connection": f"sqlite:///{place}/data/state.db"},
        "secrets": {"fernet_keys": sealing.new_key()},
        "api": {"auth_strategy": "none"},
        # What both of them need the lock for.
        "oslo_messaging_rabbit": {"use_queue_manager": True, "processname": place.name},
    }


@pytest.fixture
def systemd() -> Iterator[Systemd]:
    with Systemd() as systemd:
        yield systemd


def test_they_answer_write_where_they_may_and_end(systemd: Systemd, rabbitmq: RabbitMQ) -> None:
    server = Server(systemd, rabbitmq.url)
    systemd.ctl("start", *UNITS)
    # At once: one that counts as started takes requests.
    caller = Caller(server.url)
    assert caller("GET", "/healthcheck").status == 200
    bus = transport.notifications(server.conf)
    status.StatusNotifier(bus, HOST).status(HostStatus(HOST, 1, 1))
    bus.cleanup()
    eventually(lambda: HOST in [host["name"] for host in caller("GET", "/v1/hosts").body["hosts"]], tell=server.log)
    _check_confined(server)

    systemd.ctl("stop", *UNITS)
    assert server.ended() == {"success exited 0\n"}, server.log()
    assert "Traceback" not in server.log()
    assert [path.name for path in server.logs()] == ["collectd-mgr-api.log", "collectd-mgr-conductor.log"]
    assert {path.stat().st_mode & 0o777 for path in server.logs()} == {0o600}
    # The lock outlives them.
    assert list((server.place / "run/collectd-mgr-locks").iterdir())


def _check_confined(server: Server) -> None:
    for unit in UNITS:
        root = server.sees(unit)
        writable = [
            os.access(f"{root}{path}", os.W_OK)
            for path in ("/etc", "/usr", "/var", server.place, server.place / "data")
        ]
        assert writable == [False, False, False, False, True], unit
