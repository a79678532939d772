# SPDX-License-Identifier: Apache-2.0
"""What the phases of the DevStack plugin call, and the files that they leave."""

from __future__ import annotations

import configparser
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from collectd_mgr.cmd import agent, configuration
from collectd_mgr.domain import grammar
from collectd_mgr.domain.output import DEFAULT_CHAIN, operators_chain
from collectd_mgr.rpc import transport
from tests.devstack.node import ROOT, Node
from tests.guide.walk import blocks
from tests.waiting import PATIENCE

STACK = ("stack install", "stack post-config", "stack extra")

UNITS = [f"devstack@collectd-mgr-{name}.service" for name in ("api", "conductor", "agent")]


def starting(calls: list[str], *beginnings: str) -> list[str]:
    return [call for call in calls if call.startswith(beginnings)]


def units(calls: list[str], verb: str) -> list[str]:
    """What systemd was asked to do, of our services and collectd."""
    return [call.removeprefix(f"systemctl {verb} ") for call in calls if f"systemctl {verb} " in call]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


@pytest.fixture(scope="module")
def stacked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Node, list[str]]:
    """A node of all when it is stacked, to be looked at; and what was called."""
    node = Node(tmp_path_factory.mktemp("stacked"))
    return node, node.run(*STACK)


def test_a_node_of_all_gets_everything(stacked: tuple[Node, list[str]]) -> None:
    _, calls = stacked
    assert [call for call in starting(calls, "apt-get") if "collectd-core" in call]
    assert [call for call in starting(calls, "pip") if f"-e {ROOT}" in call]
    assert units(calls, "start") == units(calls, "enable") == UNITS
    # Once, when the extension is in place.
    assert units(calls, "restart") == ["collectd"]
    assert calls.index("systemctl restart collectd") > calls.index(f"systemctl start {UNITS[-1]}")
    assert "rabbitmqctl add_vhost collectd_mgr" in calls
    assert [call for call in starting(calls, "mysql") if "CREATE DATABASE collectd_mgr" in call]
    accounts = starting(calls, "openstack")
    for words in ("user create collectd-mgr", "role add service --user collectd-mgr", "service create collectd-mgr"):
        assert [call for call in accounts if words in call], words
    assert [call for call in accounts if "endpoint create collectd-mgr public http://192.0.2.1:8913" in call]


def test_the_database_is_there_before_its_tables_and_those_before_the_services(stacked: tuple[Node, list[str]]) -> None:
    _, calls = stacked
    order = ["CREATE DATABASE", "db sync", "start devstack@collectd-mgr-api"]
    found = [next(number for number, call in enumerate(calls) if words in call) for words in order]
    assert found == sorted(found)


def test_the_configuration_of_a_node_of_all(stacked: tuple[Node, list[str]]) -> None:
    node, _ = stacked
    conf = configuration.new()
    conf(["--config-file", str(node.place / "etc/collectd-mgr.conf")], project="collectd-mgr")
    assert conf.transport_url == "rabbit://stackrabbit:rabbits@192.0.2.1:5672/collectd_mgr"
    assert conf.secrets.fernet_keys == ["THE_KEY"]
    daemon = agent.settings(conf).daemon
    assert (daemon.host, daemon.daemon, conf.agent.mode) == ("cn1.example.org", "systemd", "manage")
    assert (daemon.binary, daemon.plugin_dir) == ("/usr/sbin/collectd", "/usr/lib/collectd")
    sections = node.ini("etc/collectd-mgr.conf")
    assert sections["keystone_authtoken"]["username"] == "collectd-mgr"
    # DevStack's own character set has no letter of more than three bytes.
    connection = "mysql+pymysql://root:secret@127.0.0.1/collectd_mgr?charset=utf8mb4"
    assert sections["database"]["connection"].partition("&")[0] == connection


def test_secrets_are_for_the_services_alone(stacked: tuple[Node, list[str]]) -> None:
    node, _ = stacked
    assert stat.S_IMODE((node.place / "etc").stat().st_mode) == 0o750
    assert stat.S_IMODE((node.place / "etc/collectd-mgr.conf").stat().st_mode) == 0o640


def test_the_api_has_threads_and_its_configuration(stacked: tuple[Node, list[str]]) -> None:
    node, _ = stacked
    uwsgi = node.ini("etc/collectd-mgr-uwsgi.ini")["uwsgi"]
    assert uwsgi["module"] == "collectd_mgr.wsgi.api:application"
    assert (uwsgi["http"], uwsgi["threads"]) == ("0.0.0.0:8913", "8")
    _, env = node.program(UNITS[0].removesuffix(".service"))
    assert env == {"COLLECTD_MGR_CONFIG_FILES": f"{node.place}/etc/collectd-mgr.conf"}


def test_the_page_has_the_uwsgi_that_is_tried(stacked: tuple[Node, list[str]]) -> None:
    """As the plugin configures it, but for where and how much."""
    [ini] = [block for block in blocks("install/deployment", "The control node") if block.startswith("[uwsgi]")]
    page = configparser.ConfigParser()
    page.read_string(ini)
    own = {"http", "processes", "threads", "need-app"}
    said = {name: value for name, value in page["uwsgi"].items() if name not in own}
    tried = stacked[0].ini("etc/collectd-mgr-uwsgi.ini")["uwsgi"]
    assert said == {name: tried[name] for name in {*said, "buffer-size"}}


def test_the_agent_alone_is_root_and_collectd_outlives_it(tmp_path: Path) -> None:
    node = Node(tmp_path, local={"STACK_USER": "nobody"})
    node.run(*STACK)
    services = [node.ini(f"units/{unit}")["Service"] for unit in UNITS]
    assert [service["user"] for service in services] == ["nobody", "nobody", "root"]
    assert services[-1]["killmode"] == "process"


def test_behind_tls_the_api_is_on_loopback(tmp_path: Path) -> None:
    node = Node(tmp_path, local={"ENABLED_SERVICES": "key,mysql,rabbit,tls-proxy"})
    calls = node.run(*STACK)
    assert node.ini("etc/collectd-mgr-uwsgi.ini")["uwsgi"]["http"] == "127.0.0.1:18913"
    assert node.ini("etc/collectd-mgr.conf")["oslo_middleware"]["enable_proxy_headers_parsing"] == "True"
    assert [call for call in calls if "endpoint create" in call and "https://192.0.2.1:8913" in call]
    assert "a2ensite collectd-mgr-tls-proxy *:8913 127.0.0.1:18913" in calls


@pytest.fixture(params=["True", "False"])
def prefix(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, object]:
    """Of our programs, in local.conf: that of a virtual environment, or as /usr/local, which has no Python."""
    if request.param == "True":
        return {}
    programs = tmp_path / "usr/local/bin"
    programs.mkdir(parents=True)
    for name in ("collectd-mgr-agent", "collectd-mgr-manage"):
        (programs / name).symlink_to(tmp_path / "bin" / name)
    return {"GLOBAL_VENV": request.param, "DEVSTACK_VENV": programs.parent}


def test_ceilometer_gets_our_definitions_beside_its_own(tmp_path: Path, prefix: dict[str, object]) -> None:
    place = tmp_path / "ceilometer"
    services = "key,mysql,rabbit,ceilometer-anotification,gnocchi-api"
    local = {"CEILOMETER_CONF_DIR": place, "CEILOMETER_CONF": place / "ceilometer.conf"}
    node = Node(tmp_path, local={"ENABLED_SERVICES": services, **local, **prefix})
    place.mkdir()
    (place / "ceilometer.conf").write_text("[notification]\nworkers = 1\n")
    # The last line has no end.
    (place / "event_definitions.yaml").write_text(
        "---\n- event_type: image.*\n  traits:\n    a:\n      fields: payload.a"
    )
    for name, kind in (("pipeline", "meters"), ("event_pipeline", "events")):
        sources = [{"name": kinds, kind: [kinds], "sinks": ["all"]} for kinds in ("*", "!image.*", "image.*")]
        sink = {"name": "all", "publishers": ["gnocchi://"]}
        (place / f"{name}.yaml").write_text(yaml.safe_dump({"sources": sources, "sinks": [sink]}))
    for _ in range(2):
        calls = node.run(*STACK)

    pipeline = yaml.safe_load((place / "pipeline.yaml").read_text())
    chosen = [source["meters"] for source in pipeline["sources"]]
    assert chosen == [["*", "!collectd.*"], ["!image.*", "!collectd.*"], ["image.*"], ["collectd.*"]]
    types = [str(entry["event_type"]) for entry in yaml.safe_load((place / "event_definitions.yaml").read_text())]
    assert types[0] == "image.*"
    assert len([name for name in types if "collectd_mgr.operation.failed" in name]) == 1
    assert (place / "meters.d/collectd_mgr.yaml").exists()
    exchanges = [line for line in (place / "ceilometer.conf").read_text().splitlines() if "exchanges" in line]
    assert sorted(exchanges) == sorted(set(exchanges))
    assert {"collectd_mgr_telemetry", "nova"} <= {line.rpartition(" ")[2] for line in exchanges}
    assert "collectd-mgr-manage gnocchi create" in calls
    told = node.ini("etc/collectd-mgr.conf")
    assert told["oslo_messaging_notifications"]["driver"] == "messagingv2"
    assert told["publisher"]["project_id"] == "1d"

    # Ceilometer's plugin, which comes before ours, removes the files of its directory.
    for file in filter(Path.is_file, place.iterdir()):
        file.unlink()
    node.run("unstack", "clean", "clean")
    assert not place.exists()


def test_ceilometers_definitions_are_merged_again_after_an_upgrade(tmp_path: Path) -> None:
    """What is ours is replaced, wherever it is by now, and what an operator put behind it stays."""
    ours, theirs = tmp_path / "ours", tmp_path / "ceilometer"
    shutil.copytree(ROOT / "etc/ceilometer", ours)
    theirs.mkdir()
    for name in ("pipeline.yaml", "event_pipeline.yaml"):
        (theirs / name).write_text("sources: []\nsinks: []\n")
    merged = theirs / "event_definitions.yaml"
    first = "---\n- event_type: image.*\n  traits: {a: {fields: payload.a}}\n"
    behind = "# Ours is too long.\n- event_type: collectd_mgr.notification\n  traits: {id: {fields: payload.id}}\n"
    shipped = (ours / merged.name).read_text()
    earlier = shipped.replace("fields: payload.host", "fields: payload.name").replace("Ceilometer's defaults", "They")
    merged.write_text(f"{first}{earlier}{behind}")
    for text in (shipped, shipped, earlier):
        (ours / merged.name).write_text(text)
        subprocess.run([sys.executable, ROOT / "devstack/files/ceilometer_definitions.py", theirs, ours], check=True)
        assert merged.read_text() == f"{first}{text}{behind}"


def test_a_second_node_gets_an_agent_and_nothing_else(tmp_path: Path) -> None:
    node = Node(tmp_path, control=False)
    calls = node.run(*STACK)
    assert units(calls, "start") == UNITS[-1:]
    assert starting(calls, "mysql", "openstack", "rabbitmqctl", "uwsgi") == []
    sections = node.ini("etc/collectd-mgr.conf")
    assert sections["DEFAULT"]["transport_url"] == "rabbit://stackrabbit:rabbits@192.0.2.1:5672/collectd_mgr"
    assert {"database", "secrets", "keystone_authtoken"} & set(sections) == set()


def test_a_compute_node_with_ceilometers_agent_tells_it_and_changes_nothing_of_it(tmp_path: Path) -> None:
    place = tmp_path / "ceilometer"
    paths = {"CEILOMETER_CONF_DIR": place, "CEILOMETER_CONF": place / "ceilometer.conf"}
    node = Node(tmp_path, control=False, local={"ENABLED_SERVICES": "n-cpu,ceilometer-acompute", **paths})
    place.mkdir()
    theirs = {"ceilometer.conf": "[notification]\nworkers = 1\n", "pipeline.yaml": "---\nsources: []\n"}
    for name, text in theirs.items():
        (place / name).write_text(text)
    calls = node.run(*STACK)
    assert units(calls, "start") == UNITS[-1:]
    # No more than whose the samples are: the definitions and the type of resource are the control node's.
    [asked] = starting(calls, "mysql", "openstack", "rabbitmqctl", "uwsgi", "collectd-mgr-manage")
    assert "project create admin --domain=default --or-show" in asked
    _check_what_ceilometer_is_told(node)

    node.run("unstack", "clean")
    assert {path.name: path.read_text() for path in place.iterdir()} == theirs
    assert node.files() == {f"ceilometer/{name}" for name in theirs}


def _check_what_ceilometer_is_told(node: Node) -> None:
    """By an agent that has nothing of the control plane: on the bus of Ceilometer, which is not ours."""
    sections = node.ini("etc/collectd-mgr.conf")
    assert {"database", "secrets", "keystone_authtoken"} & set(sections) == set()
    conf = configuration.new()
    conf(["--config-file", str(node.place / "etc/collectd-mgr.conf")], project="collectd-mgr")
    assert conf.publisher.project_id == "1d"
    outlet = transport.telemetry(conf)
    assert outlet is not None
    assert (outlet.exchange, outlet.topics) == ("collectd_mgr_telemetry", ("notifications",))
    buses = [conf.transport_url, conf.oslo_messaging_notifications.transport_url]
    assert buses == [f"rabbit://stackrabbit:rabbits@192.0.2.1:5672/{vhost}" for vhost in ("collectd_mgr", "")]


def test_a_node_can_be_without_an_agent(tmp_path: Path) -> None:
    node = Node(tmp_path, local={"DISABLED_SERVICES": "collectd-mgr-agent"})
    calls = node.run(*STACK)
    assert units(calls, "start") == UNITS[:2]
    assert "collectd" not in "".join(starting(calls, "apt-get"))


def test_a_collectd_that_was_there_keeps_its_file(node: Node) -> None:
    file = node.place / "collectd/collectd.conf"
    file.write_text("LoadPlugin df\n")
    for _ in range(2):
        node.run(*STACK)
        assert file.read_text() == f'LoadPlugin df\nInclude "{node.place}/etc/collectd-snippet.conf"\n'
    calls = node.run("unstack")
    assert units(calls, "stop") == UNITS[::-1]
    calls = node.run("clean")
    assert file.read_text() == "LoadPlugin df\n"
    assert (units(calls, "restart"), units(calls, "stop")) == (["collectd"], [])
    assert node.files() == {"collectd/collectd.conf"}


@pytest.mark.parametrize(("daemon", "active"), [("child", False), ("systemd", True)])
def test_a_collectd_that_was_disabled_is_so_again(tmp_path: Path, daemon: str, active: bool) -> None:
    """As it was before the first stack.sh; what the second one finds is what we made of it."""
    state = f"case $* in is-enabled*) exit 1 ;; is-active*) [ -e stacked ] || exit {int(not active)} ;; "
    commands = {"systemctl": f"{state}*start*collectd-mgr-agent*) mkdir -p state/extension && touch stacked ;; esac"}
    node = Node(tmp_path, local={"COLLECTD_MGR_DAEMON": daemon}, commands=commands)
    (node.place / "collectd/collectd.conf").write_text("LoadPlugin df\n")
    node.run("clean", *STACK, STACK[0])
    (node.place / "stacked").unlink()
    calls = node.run("unstack", "clean")
    assert [call for call in units(calls, "enable") if call == "collectd"] == []
    left = ([], ["collectd"]) if active else (["collectd"], [])
    assert ([each for each in units(calls, "stop") if each == "collectd"], units(calls, "restart")) == left
    assert node.files() == {"collectd/collectd.conf"}
    assert [call for call in node.run("clean") if call.startswith("systemctl")] == []


def test_a_collectd_that_was_brought_along_is_taken_away(node: Node) -> None:
    node.run(*STACK)
    text = (node.place / "collectd/collectd.conf").read_text()
    assert 'Hostname "cn1.example.org"' in text
    calls = node.run("clean")
    assert (units(calls, "stop"), units(calls, "restart")) == (["collectd"], [])
    assert node.files() == set()


def test_thresholds_are_judged_in_a_collectd_that_was_brought_along(node: Node) -> None:
    """They are where values are written: what a chain stops before that is never judged."""
    node.run(*STACK)
    text = (node.place / "collectd/collectd.conf").read_text()
    assert operators_chain(grammar.parse(text)) == DEFAULT_CHAIN


def test_a_child_is_the_only_collectd_and_ends_before_its_directory_goes(tmp_path: Path) -> None:
    node = Node(tmp_path, local={"COLLECTD_MGR_DAEMON": "child", "COLLECTD_MGR_COLLECTD": "/bin/sleep"})
    calls = node.run(*STACK)
    assert calls.index("systemctl disable --now collectd") < calls.index(f"systemctl start {UNITS[-1]}")
    assert units(calls, "restart") == []
    with subprocess.Popen(["/bin/sleep", "600"]) as child, subprocess.Popen(["/bin/cat"], stdin=-1) as other:
        for process in (other, child):
            (node.place / "state/collectd.pid").write_text(f"{process.pid} 1 boot\n")
            node.run("unstack")
            assert child.poll() is None
            assert units(node.run("clean"), "enable") == ["collectd"]
            assert node.files() == set()
            node.run(*STACK)
        assert (child.wait(PATIENCE), other.poll()) == (-15, None)
        other.terminate()
