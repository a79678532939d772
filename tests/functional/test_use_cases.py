# SPDX-License-Identifier: Apache-2.0
"""The user guide's use cases are what one sees who carries them out, on one machine and with Keystone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collectd_mgr.cmd import agent, alone
from collectd_mgr.cmd import standalone as program
from tests.cli.shell import Shell
from tests.functional.deployment import Caller, Deployment
from tests.functional.standalone import Standalone
from tests.guide.carrying import Client, carry_out
from tests.guide.page import Page
from tests.services.keystone import Keystone
from tests.services.place import free_port
from tests.services.timekeepers import UNPACKED, Chronyd

PAGE = Path(__file__).parents[2] / "doc" / "source" / "user" / "use-cases.rst"

HOST = "cn1.example.org"

#: The operator's own part of collectd.conf: a name for the host, and somewhere to send values to.
OPERATORS = """\
Hostname "{host}"
LoadPlugin network
<Plugin network>
  Server "127.0.0.1" "{port}"
</Plugin>
"""

#: However slow the machine is, a change is answered when it is made.
CONFIGURATION = """\
[api]
wait = 120
read_timeout = 120
[conductor]
call_timeout = 120
[agent]
host = {host}
# Only what is asked for is done by the last.
drivers = live,restart,replace
[clock]
sources = chrony
chronyc = {chronyc}
chrony_address = {address}
"""


@pytest.fixture
def chronyd() -> Iterator[Chronyd]:
    """One that follows another of the machine's own time, and cannot set any clock."""
    address = ("127.0.0.2", free_port())
    with closing(Chronyd(serve=address).start()), closing(Chronyd(source=address).start()) as follower:
        yield follower


@pytest.fixture
def machine(chronyd: Chronyd) -> Iterator[Standalone]:
    standalone = Standalone()
    file = standalone.directory / "guide.conf"
    chronyc = UNPACKED / "usr/bin/chronyc"
    file.write_text(CONFIGURATION.format(host=HOST, chronyc=chronyc, address=chronyd.socket))
    standalone.arguments += ["--config-file", str(file)]
    settings = agent.settings(program.configured(standalone.arguments[1:])).daemon
    own = OPERATORS.format(host=HOST, port=free_port()) + alone.configuration(standalone.directory, settings)
    Path(settings.config_file).write_text(own)
    standalone.start()
    yield standalone
    standalone.close()


def test_on_one_machine(machine: Standalone) -> None:
    anybody = Client(Shell({"OS_AUTH_TYPE": "none", "OS_ENDPOINT": machine.url}), Caller(machine.url))
    carry_out(Page(PAGE), lambda _: anybody, lambda by: not by)


def test_with_keystone(deployment: Deployment, keystone: Keystone) -> None:
    url = deployment.urls[0]
    keystone.register("collectd-mgr", "collectd-mgr", url)
    deployment.agent(HOST).start()
    Caller(url, keystone.token("admin", "admin")).up(HOST)

    def client(by: str) -> Client:
        if by == "nobody":
            return Client(Shell({"OS_AUTH_TYPE": "none", "OS_ENDPOINT": url}), Caller(url))
        project = "admin" if by == "admin" else "demo"
        return Client(Shell(keystone.environment(by, project)), Caller(url, keystone.token(by, project)))

    carry_out(Page(PAGE), client, bool)
