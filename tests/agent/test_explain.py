# SPDX-License-Identifier: Apache-2.0
"""Why a metric of a real collectd is missing, as its agent finds out."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from collectd_mgr.domain.explain import Explanation
from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.wire.client import WireClient
from tests.agent.agent_host import PLUGINS, AgentHost, spec
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE

#: Nobody listens where memcached is looked for: every read fails. What is put in by hand is missed late.
CONFIG = """
Interval 2
Timeout 4
LoadPlugin unixsock
<Plugin unixsock>
  SocketFile "unixsock"
</Plugin>
LoadPlugin memcached
<Plugin memcached>
  <Instance "nobody">
    Host "127.0.0.1"
    Port "9"
  </Instance>
</Plugin>
"""


#: Of a machine that calls itself ``cn1``.
FULL = "cn1.example.org"


@pytest.fixture(scope="module")
def allowlist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("host") / "allowlist.toml"


@pytest.fixture(scope="module")
def host(rabbitmq: RabbitMQ, allowlist: Path) -> Iterator[AgentHost]:
    more = tuple(PLUGINS / f"{name}.so" for name in ("memcached", "unixsock", "match_regex"))
    with AgentHost(rabbitmq.url, own_plugins=more, config=CONFIG, allowlist_file=allowlist) as host:
        needs_more = (PLUGINS / "users.so").read_bytes().replace(b"libc.so.6", b"libq.so.6")
        (host.directory / "plugins" / "irq.so").write_bytes(needs_more)
        host.start()
        host.apply(spec(1, "memory", "uptime"))
        yield host


def explained(host: AgentHost, rest: str, name: str = "") -> Explanation:
    with host.bus() as api:
        return api.explain(host.name, f"{name or host.status().daemon['hostname']}/{rest}", timeout=PATIENCE)


def broken_at(host: AgentHost, rest: str, link: str) -> bool:
    return explained(host, rest).link == link


def test_what_is_there(host: AgentHost) -> None:
    host.until(lambda: explained(host, "uptime/uptime").facts.get("row"))
    assert explained(host, "uptime/uptime").link == "not_published"
    chosen = Layer("chosen", sections={"samples": {"all": {"identifier": "*/uptime/*"}}})
    host.apply(HostSpec(Generation("e", 2), (*spec(2, "memory", "uptime", "users").layers, chosen)))
    assert explained(host, "uptime/uptime").link == "publishing_off", "the agent has no telemetry"


def test_a_metric_that_went(host: AgentHost) -> None:
    host.until(lambda: explained(host, "users/users").facts.get("row"))
    host.apply(spec(3, "memory", "uptime"))
    assert explained(host, "users/users").link == "not_enabled"


def test_what_no_plugin_of_that_name_gives(host: AgentHost) -> None:
    host.until(lambda: explained(host, "collectd_mgr/operations-done").facts.get("row"))
    assert explained(host, "collectd_mgr/operations-done").link in ("not_published", "publishing_off")


def test_a_plugin_that_is_not_on_the_host(host: AgentHost) -> None:
    assert explained(host, "nosuch/gauge").link == "not_installed"


def test_a_plugin_that_nobody_asked_for(host: AgentHost) -> None:
    found = explained(host, "swap/swap-used")
    assert (found.link, found.facts) == ("not_enabled", {"desired": None})


def test_a_metric_that_the_plugin_does_not_have(host: AgentHost) -> None:
    host.until(lambda: explained(host, "memory/memory-imaginary").facts.get("metrics"))
    assert explained(host, "memory/memory-imaginary").link == "never_seen"


def test_a_plugin_whose_reads_fail(host: AgentHost) -> None:
    host.until(lambda: explained(host, "memcached-nobody/df-cache-used").link == "read_failed")
    found = explained(host, "memcached-nobody/df-cache-used")
    assert found.facts["until"] > 0


def test_a_name_that_this_host_does_not_bear(host: AgentHost) -> None:
    assert explained(host, "uptime/uptime", "somebody.else").link == "another_host"


def test_a_daemon_that_has_looked_up_the_name_of_its_host(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    """As Debian's own collectd.conf has it, on a machine whose name has no domain."""
    (tmp_path / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {FULL} cn1\n")
    renamed = f'hostname cn1 && mount --bind "{tmp_path}/hosts" /etc/hosts && exec "$@"'
    with AgentHost(rabbitmq.url) as host:
        file = Path(host.settings.config_file)
        file.write_text(file.read_text().replace("FQDNLookup false", "FQDNLookup true"))
        host.start(within=("unshare", "--uts", "--mount", "sh", "-euc", renamed, "sh"))
        host.apply(spec(1, "uptime"))
        host.until(lambda: explained(host, "uptime/uptime", FULL).facts.get("row"))
        assert host.status().daemon["hostname"] == FULL
        assert explained(host, "uptime/imaginary", FULL).link == "never_seen"
        assert explained(host, "uptime/uptime", "cn1").link == "another_host"
        with host.bus() as api:
            (row,) = api.plugin_test(host.name, "uptime", Layer(HOST), patience=10.0, timeout=PATIENCE)["rows"]
        assert row["id"] == f"{FULL}/uptime/uptime"
        host.apply(spec(2))
        host.until(lambda: explained(host, "uptime/uptime", FULL).facts == {"desired": None})


def put(host: AgentHost, rest: str, when: str) -> None:
    """A value that somebody gives collectd at its own socket."""
    name = f"{host.status().daemon['hostname']}/{rest}"
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rw") as stream:
        connection.connect(str(host.directory / "unixsock"))
        stream.write(f'PUTVAL "{name}" interval=3 {when}:1\n')
        stream.flush()
        assert stream.readline().startswith("0 ")


def test_a_metric_from_before_the_clock_was_set_back(host: AgentHost) -> None:
    put(host, "other/gauge-ahead", str(int(time.time()) + 3600))
    host.until(lambda: explained(host, "other/gauge-ahead").link == "future")
    assert explained(host, "other/gauge-ahead").facts["ahead"] > 3000.0


#: What becomes of a metric that comes once.
LINKS = ("not_published", "late", "gone")


def comes_to(host: AgentHost, rest: str, link: str) -> bool:
    """Whether the metric is there; it is put in once more where a slow machine has passed that over."""
    found = explained(host, rest).link
    if found in LINKS[LINKS.index(link) + 1 :]:
        put(host, rest, "N")
    return found == link


def test_a_metric_that_came_once(host: AgentHost) -> None:
    put(host, "other/gauge-once", "N")
    for link in LINKS:
        host.until(partial(comes_to, host, "other/gauge-once", link))


def test_a_plugin_without_its_library(host: AgentHost) -> None:
    host.until(lambda: explained(host, "irq/irq-1").link == "not_loadable")
    assert "libq.so.6" in explained(host, "irq/irq-1").facts["why_not"]


def test_a_rule_that_drops_it(host: AgentHost) -> None:
    rule = {"ignorelist": {"free": {"action": "deny", "plugin": "^memory$", "type_instance": "^free$"}}}
    host.apply(HostSpec(Generation("e", 4), (*spec(4, "memory", "uptime").layers, Layer("rules", sections=rule))))
    assert explained(host, "memory/memory-free").facts == {"rule": "free"}
    assert explained(host, "memory/memory-used").link != "ignored"


def test_a_configuration_that_collectd_does_not_take(host: AgentHost) -> None:
    layer = Layer(HOST, {"swap": PluginSetting(True, config={"NoSuchOption": 1})})
    assert host.apply(HostSpec(Generation("e", 5), (*spec(5, "memory", "uptime").layers, layer))).outcome == "failed"
    found = explained(host, "swap/swap-used")
    assert found.link == "failed"
    assert "NoSuchOption" in found.sentence


def test_what_the_host_refuses(host: AgentHost, allowlist: Path) -> None:
    allowlist.write_text("[plugins")
    assert explained(host, "uptime/uptime").link != "refused"
    allowlist.write_text('[plugins]\ndeny = ["uptime"]\n')
    assert explained(host, "uptime/uptime").link == "refused"
    allowlist.unlink()


def test_a_host_where_nothing_may_be_changed(host: AgentHost) -> None:
    mode = host.directory / "mode"
    host.until(lambda: explained(host, "uptime/uptime").link == "not_published")
    mode.write_text("observe")

    def observed() -> bool:
        """A look that began before may undo it once."""
        with closing(WireClient(host.settings.socket)) as client:
            client.call("plugin_disable", {"plugin": "uptime"})
        return broken_at(host, "uptime/uptime", "observe")

    host.until(observed)
    mode.write_text("off")
    assert explained(host, "uptime/uptime").link == "mode"
    mode.unlink()
    host.until(lambda: explained(host, "uptime/uptime").link == "not_published")
