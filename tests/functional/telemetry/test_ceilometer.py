# SPDX-License-Identifier: Apache-2.0
"""From a threshold that was set through the API to the webhook of an alarm: real collectd, Ceilometer, Gnocchi, Aodh.

``pytest -s`` prints how long it takes from the crossing to the webhook.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1 import adapter
from oslo_config import cfg

from collectd_mgr.domain import events
from collectd_mgr.domain.events import About, Event
from collectd_mgr.domain.notifications import Notification
from collectd_mgr.domain.reads import Page
from collectd_mgr.domain.spool import LEAST
from collectd_mgr.publisher.sampler import Sampler, SampleSender
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.publisher.watch import Watch
from collectd_mgr.rpc import transport
from collectd_mgr.rpc.telemetry import Telemetry as Bus
from tests.functional.deployment import Agent, Caller, Deployment
from tests.services.aodh import Call, Webhook
from tests.services.identity import REGION
from tests.services.keystone import Keystone
from tests.services.openstack import PROGRAMS, QUIET
from tests.services.postgresql import PostgreSQL
from tests.services.rabbitmq import RabbitMQ
from tests.services.telemetry import Telemetry
from tests.waiting import PATIENCE, eventually

ALARMS = Path(__file__).parents[3] / "etc" / "aodh" / "alarms"

HOST = "cn1.example.org"

#: A file of the test's, as a metric: its crossing is the test's doing.
GAUGE = """
<LoadPlugin table>
  Interval 1
</LoadPlugin>
<Plugin table>
  <Table "{file}">
    Separator " "
    Instance "test"
    <Result>
      Type "gauge"
      InstancesFrom 0
      ValuesFrom 1
    </Result>
  </Table>
</Plugin>
"""

# To start all of this takes a minute; on a machine with other things to do, a few.
pytestmark = pytest.mark.timeout(3600)


@pytest.fixture(scope="module")
def deployment(
    rabbitmq: RabbitMQ, keystone: Keystone, postgresql: PostgreSQL, telemetry: Telemetry
) -> Iterator[Deployment]:
    """Events and samples belong to the project demo."""
    options: dict[str, Any] = {"keystone_authtoken": keystone.authtoken(), **publishing(keystone)}
    deployment = Deployment(rabbitmq.url, postgresql.database(), options, conductors=2)
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.close()


def publishing(keystone: Keystone) -> dict[str, dict[str, object]]:
    project = keystone.session("alice", "demo").get_project_id()
    return {"oslo_messaging_notifications": {"driver": "messagingv2"}, "publisher": {"project_id": project}}


@pytest.fixture(scope="module")
def gnocchi(keystone: Keystone, telemetry: Telemetry) -> adapter.Adapter:
    session = keystone.session("admin", "admin")
    return adapter.Adapter(session, service_type="metric", interface="public", region_name=REGION)


def manage(keystone: Keystone, *arguments: str) -> str:
    """collectd-mgr-manage as an admin runs it; what it prints."""
    command = [str(Path(sys.executable).parent / "collectd-mgr-manage"), *arguments]
    env = {**os.environ, **keystone.environment("admin", "admin")}
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True, timeout=PATIENCE).stdout


def alarms(keystone: Keystone, webhook: Webhook) -> str:
    """Create the alarms that are shipped as examples."""
    env = {**os.environ, **QUIET, **keystone.environment("alice", "demo"), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
    command = [str(ALARMS), webhook.url, events.resource_id(HOST)]
    done = subprocess.run(command, env=env, check=False, capture_output=True, text=True, timeout=4 * PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def event(telemetry: Telemetry, event_type: str) -> dict[str, Any]:
    """The traits of the last event of this type, which must come."""
    found: list[dict[str, Any]] = []

    def came() -> bool:
        found[:] = [row["traits"] for row in telemetry.ceilometer.events() if row["event_type"] == event_type]
        return bool(found)

    waited(came, telemetry)
    return found[-1]


def waited(condition: Callable[[], object], telemetry: Telemetry) -> None:
    try:
        eventually(condition)
    except AssertionError:
        print(telemetry.log())
        raise


def call(webhook: Webhook, path: str, telemetry: Telemetry) -> Call:
    waited(lambda: webhook.called(path), telemetry)
    return webhook.called(path)[-1]


def traits(told: Call) -> dict[str, Any]:
    """Of the event in what a webhook was told."""
    return {name: value for name, _, value in told.body["reason_data"]["event"]["traits"]}


def since_crossing(told: Call) -> float:
    """Seconds from the value, by collectd's clock, to the webhook."""
    return told.time - datetime.fromisoformat(f"{traits(told)['timestamp']}+00:00").timestamp()


def test_the_whole_chain(
    deployment: Deployment, keystone: Keystone, telemetry: Telemetry, gnocchi: adapter.Adapter, webhook: Webhook
) -> None:
    assert [manage(keystone, "gnocchi", "create") for _ in range(2)] == [
        "collectd_host: created\n",
        "collectd_host: present\n",
    ]
    agent = deployment.agent(HOST, **publishing(keystone))
    agent.furnish(more=GAUGE.format(file=agent.home / "gauge"))
    (agent.home / "gauge").write_text("load 1\n")
    agent.start()
    admin = Caller(deployment.urls[0], keystone.token("admin", "admin"))
    admin.up(HOST)
    _check_host(telemetry, gnocchi)
    sampled = admin("PUT", f"/v1/hosts/{HOST}/samples/memory", {"identifier": "*/memory/memory-used", "interval": 1})
    assert sampled.status == 200, sampled
    assert admin("PUT", f"/v1/hosts/{HOST}/plugins/memory", {"enabled": True, "interval": 1}).status == 200
    earlier = _earlier_alarms(keystone)
    print(alarms(keystone, webhook))
    _check_alarms(keystone, earlier, webhook)
    _cross(agent, admin, telemetry, webhook)
    _fail(admin, telemetry, webhook)
    _check_samples(gnocchi, telemetry, webhook)
    agent.process.stop()
    assert traits(call(webhook, "/host-down", telemetry))["host"] == HOST
    assert event(telemetry, events.HOST_DOWN)["severity"] == "FAILURE"


_EARLIER = {
    "name": "collectd-threshold",
    "type": "event",
    "event_rule": {"event_type": "something.else", "query": []},
    "alarm_actions": ["http://127.0.0.1:9/threshold"],
}


def _earlier_alarms(keystone: Keystone) -> list[str]:
    """The ids of those of this name, of which there is one as an earlier run may have left it."""
    _alarming(keystone).post("/v2/alarms", json=_EARLIER)
    return [each["alarm_id"] for each in _named(keystone)]


def _check_alarms(keystone: Keystone, earlier: list[str], webhook: Webhook) -> None:
    """They are the same as before, and say what those say that were made now."""
    found = _named(keystone)
    assert [each["alarm_id"] for each in found] == earlier
    assert [each["alarm_actions"] for each in found] == [[f"{webhook.url}/threshold"]] * len(earlier)


def _named(keystone: Keystone) -> list[dict[str, Any]]:
    alarms = _alarming(keystone).get("/v2/alarms").json()
    return sorted((each for each in alarms if each["name"] == _EARLIER["name"]), key=lambda each: str(each["alarm_id"]))


def _alarming(keystone: Keystone) -> adapter.Adapter:
    session = keystone.session("alice", "demo")
    return adapter.Adapter(session, service_type="alarming", interface="public", region_name=REGION)


def _check_host(telemetry: Telemetry, gnocchi: adapter.Adapter) -> None:
    """A host that is up is known to Ceilometer and Gnocchi before it sends a sample."""
    up = event(telemetry, events.HOST_UP)
    assert (up["host"], up["severity"], up["resource_id"]) == (HOST, "OKAY", events.resource_id(HOST))
    resource = f"/v1/resource/collectd_host/{events.resource_id(HOST)}"
    waited(lambda: gnocchi.get(resource, raise_exc=False).status_code == 200, telemetry)
    assert gnocchi.get(resource).json()["host"] == HOST


def _cross(agent: Agent, admin: Caller, telemetry: Telemetry, webhook: Webhook) -> None:
    """A value crosses a threshold; what comes of it, and how soon."""
    bound = {"plugin": "table", "type": "gauge", "type_instance": "load", "failure_max": 90}
    assert admin("PUT", f"/v1/hosts/{HOST}/thresholds/load", bound).status == 200
    (agent.home / "gauge").write_text("load 97.25\n")
    told = call(webhook, "/threshold", telemetry)
    print(json.dumps(told.body, indent=2))
    said = traits(told)
    assert (said["severity"], said["plugin"], said["value"]) == ("FAILURE", "table", 97.25)
    assert said["identifier"] == f"{HOST}/table-test/gauge-load"
    assert event(telemetry, events.THRESHOLD)["message"] == said["message"]
    print(f"From the crossing to the webhook: {since_crossing(told):.2f} s")


def _fail(admin: Caller, telemetry: Telemetry, webhook: Webhook) -> None:
    config = {"LocalPort": "not a port"}
    answer = admin("PUT", f"/v1/hosts/{HOST}/plugins/tcpconns", {"enabled": True, "config": config})
    assert answer.body["operation"]["state"] == "failed", answer
    said = traits(call(webhook, "/operation-failed", telemetry))
    assert (said["host"], said["plugin"], said["code"]) == (HOST, "tcpconns", "config_rejected")
    assert said["operation"] == answer.body["operation"]["id"]
    assert "Invalid port" in event(telemetry, events.OPERATION_FAILED)["message"]


def _check_samples(gnocchi: adapter.Adapter, telemetry: Telemetry, webhook: Webhook) -> None:
    """They are measures of the host, and the alarm on them has fired."""
    told = call(webhook, "/memory", telemetry)
    print(json.dumps(told.body, indent=2))
    assert (told.body["previous"], told.body["current"]) == ("insufficient data", "alarm")
    measures = gnocchi.get(
        f"/v1/resource/collectd_host/{events.resource_id(HOST)}/metric/collectd.memory.used/measures"
    )
    assert min(value for _, _, value in measures.json()) > 1e6


ODD_TEXTS = ("", "\udcff", "\0", "\N{FIRE}" * 5000, "x" * 100_000, "'; --", "${jndi}", "$.payload", "%s{}\n\t\x1b")
ODD_NUMBERS = (math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324, 2**64, -(2**63), 0.0, -0.0)
ODD_TIMES = (*ODD_NUMBERS, 1e9 + 0.1234567891, 4e9, 9.3e9, 17179869183.9, 253402300800.0, -62135596801.0)


def odd_events(about: About) -> Iterator[Event]:
    """Whatever can be said, in every kind of event."""
    texts = itertools.zip_longest(ODD_TIMES, ODD_TEXTS, ODD_NUMBERS, fillvalue=0)
    for number, (at, text, value) in enumerate(texts):
        metas: tuple[dict[str, Any], ...] = ({"CurrentValue": value}, {"CurrentValue": text}, {})
        for place, meta in enumerate(metas):
            said = str(text)
            what = Notification("failure", said, at, said, said, said, said, said, meta, since=at)
            yield events.said(about, what, number * 10 + place)
        facts = dict.fromkeys(
            ("plugin", "action", "setting", "request_id", "requester", "requester_project"), str(text)
        )
        failed = {**facts, "operation": str(number)}
        yield events.operation_failed(about, at, {"code": str(text), "detail": str(text)}, failed)
        yield events.host_up(about, at)
        yield events.host_down(about, at, at)
        yield events.lease_ended(about, at, str(number), str(text), str(text), str(text))


def odd_rows(host: str) -> Iterator[dict[str, Any]]:
    """Whatever can be measured; among it a number that is none of these."""
    now = time.time()
    values = [{"name": "value", "type": "gauge", "value": value, "rate": value} for value in (*ODD_NUMBERS, 42.0)]
    yield {"id": f"{host}/memory/memory-used", "last_update": now, "values": values}
    for at in (*ODD_TIMES, now):
        yield {"id": f"{host}/users/users", "last_update": at, "values": values[-1:]}
    for text in ODD_TEXTS:
        yield {"id": f"{host}/{text}/gauge-{text}", "last_update": now, "values": values[-1:]}
    for other in ("guest", *(text.replace("/", "_") for text in ODD_TEXTS)):
        yield {"id": f"{other}/users/users", "last_update": now, "values": values[-1:]}


def test_they_survive_whatever_can_be_said(
    rabbitmq: RabbitMQ, keystone: Keystone, telemetry: Telemetry, gnocchi: adapter.Adapter, tmp_path: Path
) -> None:
    """What they choke on they would take again and again, for ever: so each event is there once, and nothing waits."""
    manage(keystone, "gnocchi", "create")
    about = About("odd.example.org", str(publishing(keystone)["publisher"]["project_id"]))
    outlet = transport.telemetry(_publishing(rabbitmq.url))
    assert outlet is not None
    bus = Bus(outlet, about.host)
    odd = list(odd_events(about))
    for each in odd:
        bus.send(each.type, each.payload)
    spool = Spool(tmp_path, LEAST)
    sampler = Sampler(Watch(lambda _: Page(), dict), spool, about.host, hostname=lambda: about.host)
    sampler.put(odd_rows(about.host), rates=True)
    SampleSender(bus, about).send(spool.reader("telemetry").peek(100))
    last = events.host_up(about, time.time())
    bus.send(last.type, last.payload)
    outlet.transport.cleanup()
    sent = [each.payload["id"] for each in (*odd, last)]
    # It takes many at once, so the last one need not be the last.
    waited(lambda: set(sent) <= set(heard(telemetry)), telemetry)
    waited(lambda: telemetry.ceilometer.waiting() == 0, telemetry)
    assert sorted(heard(telemetry)) == sorted(sent)
    assert "Fail to process" not in telemetry.ceilometer.log()
    for metric in ("collectd.memory.used", "collectd.users"):
        waited(functools.partial(_newest, gnocchi, about.host, metric), telemetry)
    waited(functools.partial(_newest, gnocchi, "guest", "collectd.users"), telemetry)
    guest = gnocchi.get(f"/v1/resource/collectd_host/{events.resource_id('guest')}").json()
    assert (guest["host"], guest["project_id"]) == ("guest", about.project)


def heard(telemetry: Telemetry) -> list[str]:
    """The ids of the events of the odd host, as often as Ceilometer took them."""
    rows = [row["traits"] for row in telemetry.ceilometer.events()]
    return [row["id"] for row in rows if row["host"] == "odd.example.org"]


def _newest(gnocchi: adapter.Adapter, host: str, metric: str) -> bool:
    """Whether there is a measure of just now, beside or after the odd ones."""
    path = f"/v1/resource/collectd_host/{events.resource_id(host)}/metric/{metric}/measures"
    since = datetime.fromtimestamp(time.time() - 3600, UTC).isoformat()
    answer = gnocchi.get(path, params={"refresh": "true", "aggregation": "count", "start": since}, raise_exc=False)
    return answer.status_code == 200 and bool(answer.json())


def _publishing(url: str) -> cfg.ConfigOpts:
    conf = transport.prepare(cfg.ConfigOpts())
    conf([], default_config_files=[], default_config_dirs=[])
    conf.set_override("transport_url", url)
    conf.set_override("driver", ["messagingv2"], group="oslo_messaging_notifications")
    return conf
