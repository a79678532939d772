# SPDX-License-Identifier: Apache-2.0
"""From nothing to an alarm, as somebody does it who has the pages of the documentation and nothing else.

``pytest -s`` prints how long it takes from the crossing to the webhook.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.domain import events
from tests.functional.deployment import Caller, answers
from tests.functional.telemetry.test_ceilometer import GAUGE, call, since_crossing, traits
from tests.guide.walk import Machine, blocks
from tests.services.aodh import Webhook
from tests.services.identity import PASSWORD, Identity
from tests.services.keystone import Keystone
from tests.services.mariadb import MariaDB
from tests.services.openstack import PROGRAMS, QUIET
from tests.services.place import directory, free_port
from tests.services.process import Process
from tests.services.rabbitmq import RabbitMQ
from tests.services.telemetry import Telemetry
from tests.waiting import eventually

ROOT = Path(__file__).parents[3]
HOST = "cn1.example.org"

pytestmark = pytest.mark.timeout(3600)

#: A collectd of the test's own beside the machine's, instead of a unit of systemd.
OWN = """
state_dir = {home}/state
mode_file = {home}/mode
[collectd]
config_file = {home}/collectd.conf
managed_dir = {home}/managed
socket = {home}/socket
daemon = child
"""


@pytest.fixture
def place() -> Iterator[Path]:
    place = directory()
    yield place
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def memcached(place: Path) -> Iterator[int]:
    """Where one listens."""
    port = free_port()
    command = ["memcached", "--listen=127.0.0.1", f"--port={port}", "--user=nobody"]
    process = Process(command, place / "memcached.log")
    process.start()
    yield port
    process.stop()


@pytest.fixture
def said(rabbitmq: RabbitMQ, keystone: Keystone, mariadb: MariaDB, memcached: int) -> dict[str, str]:
    """The names of the pages, and what they are here."""
    project = str(keystone.session("alice", "demo").get_project_id())
    return {
        "rabbit.example.org:5672": f"127.0.0.1:{rabbitmq.port}",
        "db.example.org": f"127.0.0.1:{mariadb.port}",
        "http://keystone.example.org:5000/v3": keystone.url,
        "control.example.org:8913": (address := f"127.0.0.1:{free_port()}"),
        "0.0.0.0:8913": address,
        "--bind 0.0.0.0": "--bind 127.0.0.1",
        "SERVICE_PASSWORD": PASSWORD,
        "ID_OF_A_PROJECT": project,
        "2c49f0a1c0de4b1f9c07f3d0d6a0a1be": project,
        "127.0.0.1:11211": f"127.0.0.1:{memcached}",
        # The tests' RabbitMQ and Keystone have users of that name.
        "collectd_mgr BUS_PASSWORD": "from_the_docs BUS_PASSWORD",
        "-p collectd_mgr collectd_mgr": "-p collectd_mgr from_the_docs",
        "rabbit://collectd_mgr:": "rabbit://from_the_docs:",
        f"{PASSWORD} collectd-mgr": f"{PASSWORD} from-the-docs",
        "--user collectd-mgr": "--user from-the-docs",
        "username = collectd-mgr": "username = from-the-docs",
        # After those above, which it is not to be changed by.
        "#transport_url = rabbit://…": f"transport_url = {rabbitmq.url}",
    }


@pytest.fixture
def node(
    place: Path, said: dict[str, str], rabbitmq: RabbitMQ, keystone: Keystone, mariadb: MariaDB
) -> Iterator[Machine]:
    """The control node of install/deployment.rst, with what it has to run."""
    Identity(keystone.session("admin", "admin")).forget("collectd-mgr")
    commands = {
        "rabbitmqctl": f'exec {rabbitmq.ctl} "$@"',
        "mariadb": f"exec {shutil.which('mariadb')} -uroot -h127.0.0.1 -P{mariadb.port}",
    }
    env = {**keystone.environment("admin", "admin"), "PATH": f"{sys.prefix}/bin:{os.environ['PATH']}"}
    node = Machine(place / "node", said, env, commands)
    yield node
    node.stop()
    # DevStack gives nobody rights in one that it finds there.
    subprocess.run([*shlex.split(rabbitmq.ctl), "delete_vhost", "collectd_mgr"], check=True, capture_output=True)


def deploy(node: Machine) -> None:
    bus, database, identity, key, conf, tables, gunicorn, _, conductor = blocks(
        "install/deployment", "The control node"
    )
    node.run(bus)
    # Another test may have made them.
    database = f"DROP DATABASE IF EXISTS collectd_mgr; DROP USER IF EXISTS collectd_mgr; {database}"
    node.run(f"mariadb <<'SQL'\n{database}\nSQL")
    node.run(identity)
    node.said["THE_KEY"] = node.run(key).strip()
    node.configure(conf, blocks("admin/telemetry", "Our side")[0])
    node.run(tables)
    api = node.start(gunicorn)
    api.wait_until(lambda: answers(node.meant("http://control.example.org:8913/healthcheck")))
    node.start(conductor)


@pytest.fixture
def host(place: Path, said: dict[str, str], node: Machine) -> Iterator[Machine]:
    """A host of the same page, with a collectd of the test's own."""
    host = Machine(place / "host", {**said, "daemon = systemd": ""}, {"PATH": node.env["PATH"]})
    yield host
    host.stop()
    if (pid := host.home / "state/collectd.pid").exists():
        os.kill(int(pid.read_text().split()[0]), 15)


def join(host: Machine) -> None:
    conf, agent, _ = blocks("install/deployment", "A host")
    own = OWN.format(home=host.home)
    # As it stands, with what is different here where it belongs.
    agents, collectd = host.meant(conf).split("[collectd]")
    options, daemon = own.split("[collectd]")
    host.configure(agents + options, f"[collectd]{collectd}{daemon}", blocks("admin/telemetry", "Our side")[0])
    (host.home / "gauge").write_text("load 1\n")
    theirs = f'BaseDir "{host.home}"\nHostname "{HOST}"\nFQDNLookup false\n' + GAUGE.format(file=host.home / "gauge")
    (host.home / "collectd.conf").write_text(theirs + host.run("collectd-mgr-agent --print-snippet"))
    host.start(agent)


def appears(look: str, node: Machine, host: Machine, admin: Caller) -> None:
    """In the list of hosts, up and observing, by itself."""
    try:
        # A command that is a process of its own, and logs in, is nothing to wait with.
        admin.up(HOST)
        eventually(lambda: re.search(rf"{HOST} +\| up +\| observe ", node.run(look)))
    except AssertionError:
        print(node.run(look), node.log(), host.log())
        raise


def define(node: Machine) -> None:
    """Metrics that are not in the shipped list: those of a plugin of this host."""
    said = {
        "metrics.csv": f"{ROOT}/etc/ceilometer/metrics.csv",
        "more.csv": f"{node.home}/more.csv",
        "/etc/ceilometer": f"{node.home}",
        "--plugin df": "--plugin table",
    }
    commands = blocks("admin/telemetry", "Ceilometer")[2].replace("$ ", "")
    node.run(re.sub("|".join(said), lambda found: said[found[0]], commands))
    made = (node.home / "collectd_mgr_gnocchi_resources.yaml").read_text()
    assert {'"collectd.table.test.gauge.load":', '"collectd.load.shortterm":'} <= set(made.split())


def kept(port: int) -> int:
    """How many items a memcached has."""
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rw", newline="\r\n") as line:
        line.write("stats\n")
        line.flush()
        facts = (each.split() for each in iter(line.readline, "END\r\n"))
        return next(int(value) for _, name, value in facts if name == "curr_items")


def test_a_threshold_that_was_set_fires_an_alarm(
    node: Machine, host: Machine, telemetry: Telemetry, keystone: Keystone, webhook: Webhook, memcached: int
) -> None:
    deploy(node)
    join(host)
    look, manage = blocks("install/deployment", "A host")[2].splitlines()
    url = node.meant("http://control.example.org:8913")
    appears(look, node, host, Caller(url, keystone.token("admin", "admin")))
    node.run(manage)
    assert kept(memcached) > 0, "the tokens of these commands"
    (create, alarms) = blocks("admin/telemetry", "Gnocchi")[0], blocks("admin/telemetry", "Aodh")[0]
    node.run(create.splitlines()[0].removeprefix("$ "))
    define(node)
    member = Machine(
        host.home / "member",
        {"https://pager.example.org/collectd": webhook.url, "etc/aodh": f"{ROOT}/etc/aodh"},
        {**QUIET, **keystone.environment("alice", "demo"), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"},
    )
    member.said["1c41ec55-9d8d-5394-a153-4ede48f46018"] = events.resource_id(HOST)
    member.run(alarms.removeprefix("$ "))

    node.run(blocks("admin/telemetry", "What it looks like")[0].removeprefix("$ "))
    (host.home / "gauge").write_text("load 97.25\n")
    told = call(webhook, "/threshold", telemetry)
    assert (traits(told)["severity"], traits(told)["value"]) == ("FAILURE", 97.25)
    print(f"From the crossing to the webhook: {since_crossing(told):.2f} s")
