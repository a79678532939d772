# SPDX-License-Identifier: Apache-2.0
"""One request changes what a real collectd collects: Keystone, API, RabbitMQ, agent, extension and back."""

from __future__ import annotations

import functools
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.collectd import soak
from tests.functional.deployment import Agent, Caller, Deployment
from tests.services.keystone import Keystone
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import eventually, looks

pytestmark = pytest.mark.usefixtures("hosts_leave")


def values(caller: Caller, host: str, plugin: str) -> list[dict[str, Any]]:
    return list(caller("GET", f"/v1/hosts/{host}/values?plugin={plugin}").body["values"])


def first_values(caller: Caller, host: str, plugin: str) -> tuple[list[dict[str, Any]], float]:
    """The first rows that are shown, and when the last look began that found none; 0 where there was none."""
    in_vain = 0.0
    for _ in looks():
        asked = time.time()
        if rows := values(caller, host, plugin):
            return rows, in_vain
        in_vain = asked
    raise AssertionError(f"no values of {plugin}")


def shows_values_in_time(caller: Caller, agent: Agent) -> bool:
    """Enable a plugin; whether GET shows values when it is asked two seconds after the answer. If not, it is off."""
    asked, path = time.time(), f"/v1/hosts/{agent.host}/plugins/memory"
    answer = caller("PUT", path, {"enabled": True, "interval": 1})

    assert answer.status == 200, answer
    assert answer.body["operation"]["state"] == "succeeded"
    assert answer.body["plugin"]["effective"]["enabled"] is True
    assert answer.body["plugin"]["effective"]["interval"] == 1
    assert answer.body["plugin"]["health"] in ("registered", "observed")
    answered = time.time()
    (row, *_), in_vain = first_values(caller, agent.host, "memory")

    def stamps() -> list[float]:
        """When collectd says that it read this metric."""
        return [stamp for file in agent.home.glob(f"csv/{row['id']}-*") for stamp in soak.times(file, since=asked)]

    # The row is a sample of collectd's, which the cache has before the file has it; the first one was read in time.
    eventually(lambda: any(abs(stamp - row["last_update"]) < 0.002 for stamp in stamps()))
    if max(in_vain, min(stamps())) < answered + 2:
        return True
    caller("PATCH", path, {"enabled": False})
    eventually(lambda: not values(caller, agent.host, "memory"))
    return False


def missing(caller: Caller, host: str, plugin: str) -> list[dict[str, Any]]:
    return list(caller("GET", f"/v1/hosts/{host}/values?plugin={plugin}&state=missing").body["values"])


def pid(caller: Caller, host: str) -> int:
    return int(caller("GET", f"/v1/hosts/{host}").body["host"]["daemon"]["pid"])


def said(caller: Caller, host: str) -> Any:
    return caller("GET", f"/v1/hosts/{host}/notifications").body["notifications"]


@pytest.mark.parametrize("name", ["deployment", "deployment_on_postgresql"])
def test_enable_and_disable(name: str, keystone: Keystone, request: pytest.FixtureRequest) -> None:
    deployment: Deployment = request.getfixturevalue(name)
    host = f"cn1.{name.replace('_', '-')}.example.org"
    agent = deployment.agent(host)
    agent.start()
    admin = Caller(deployment.urls[0], keystone.token("admin", "admin"))
    admin.up(host)
    before = pid(admin, host)
    assert agent.collectds() == [before]

    # What is claimed is a time: a machine with other things to do may be asked again.
    eventually(lambda: shows_values_in_time(admin, agent))

    asked = time.time()
    answer = admin("PATCH", f"/v1/hosts/{host}/plugins/memory", {"enabled": False})

    assert answer.status == 200, answer
    assert answer.body["plugin"]["effective"]["enabled"] is False
    answered = time.time()
    time.sleep(2.2)
    assert all(row["last_update"] <= answered for row in values(admin, host, "memory"))
    assert pid(admin, host) == before
    assert agent.collectds() == [before]

    # collectd forgets them when it looks the next time, and the agent remembers.
    used_to_be = {f"{host}/memory/memory-{name}" for name in ("free", "used")}
    eventually(lambda: used_to_be <= {each["id"] for each in missing(admin, host, "memory")})
    gone = missing(admin, host, "memory")
    assert all(row["values"] == [] and row["missing_since"] > asked for row in gone)


def test_without_the_right_nothing_reaches_the_bus(
    deployment: Deployment, keystone: Keystone, rabbitmq: RabbitMQ, admin: Caller
) -> None:
    host = "cn2.example.org"
    deployment.agent(host).start()
    admin.up(host)
    path, body = f"/v1/hosts/{host}/plugins/memory", {"enabled": True}
    with rabbitmq.connect() as connection:
        channel = connection.channel()
        ear = channel.queue_declare(exclusive=True).queue
        channel.queue_bind(ear, exchange="collectd_mgr", routing_key=f"collectd_mgr.agent.{host}")

        refused = [
            Caller(deployment.urls[0])("PUT", path, body),
            Caller(deployment.urls[0], "no-such-token")("PUT", path, body),
            Caller(deployment.urls[0], keystone.token("alice"))("PUT", path, body),
            Caller(deployment.urls[0], keystone.token("rita"))("PUT", path, body),
        ]

        assert [answer.status for answer in refused] == [401, 401, 403, 403]
        assert applied(channel, ear) == []
        assert admin("PUT", path, body).status == 200
        assert applied(channel, ear)  # A conductor may have sent it as well.


def applied(channel: Any, ear: str) -> list[str]:
    """The calls of ``apply`` that came by; a conductor asks for statuses on the same topic."""
    heard = []
    while (message := channel.basic_get(ear, no_ack=True)) is not None:
        heard.append(str(message.body))
    return [body for body in heard if "apply" in body]


def test_a_silent_host_is_brought_up_to_date_when_it_comes_back(deployment: Deployment, admin: Caller) -> None:
    host = "cn3.example.org"
    agent = deployment.agent(host)
    agent.start()
    admin.up(host)
    agent.process.stop()

    answer = admin("PUT", f"/v1/hosts/{host}/plugins/memory", {"enabled": True, "interval": 1})

    assert answer.status == 202, answer
    assert answer.body["operation"]["state"] == "pending"
    agent.start()
    operation = f"/v1/operations/{answer.body['operation']['id']}"
    eventually(lambda: admin("GET", operation).body["operation"]["state"] == "succeeded")
    eventually(lambda: values(admin, host, "memory"))
    request_id = answer.body["operation"]["request_id"]
    # In the brackets of oslo.log; the API knows who asked as well.
    assert re.search(rf"\[\S+ {request_id} [0-9a-f]{{32}} [0-9a-f]{{32}} ", logged(deployment.home, "api*.log"))
    for log in (logged(deployment.home, "conductor*.log"), logged(agent.home, "agent.log")):
        assert f" {request_id} - - " in log
    assert request_id in logged(agent.home, "collectd.log")


def test_a_process_says_what_it_is_at(deployment: Deployment, rabbitmq: RabbitMQ) -> None:
    """On SIGUSR2, in its log, and goes on."""
    agent = deployment.agent("cn5.example.org")
    agent.start()
    agent.process.wait_until(lambda: bool(agent.collectds()))
    for process in (agent.process, deployment.conductors[0]):
        os.kill(process.pid, signal.SIGUSR2)
        process.wait_until(lambda: "Configuration of the service" in process.log.read_text())  # noqa: B023
        report = process.log.read_text().partition("Guru Meditation")[2]
        assert "oslo_messaging_rabbit" in report
        assert rabbitmq.url.partition("@")[0] not in report


def logged(home: Path, pattern: str) -> str:
    return "".join(path.read_text() for path in home.glob(pattern))


def test_a_notification_comes_to_every_api(deployment: Deployment, keystone: Keystone, admin: Caller) -> None:
    host = "cn1.said.example.org"
    deployment.agent(host).start()
    admin.up(host)
    answer = admin("POST", f"/v1/hosts/{host}/notifications", {"severity": "failure", "message": "a test"})
    assert answer.status == 202, answer
    for url in deployment.urls:
        caller = Caller(url, keystone.token("admin", "admin"))
        eventually(functools.partial(said, caller, host))
        (row,) = caller("GET", f"/v1/notifications?host={host}&severity=failure").body["notifications"]
        assert (row["message"], row["plugin"], row["count"]) == ("a test", "collectd_mgr", 1)


def test_an_unknown_host_is_404(admin: Caller) -> None:
    answer = admin("PUT", "/v1/hosts/nobody.example.org/plugins/memory", {"enabled": True})
    assert (answer.status, answer.code) == (404, "host_not_found")


def test_what_only_the_daemon_can_tell(deployment: Deployment, admin: Caller) -> None:
    """The operation fails with collectd's own words, and the desired spec is the last good one again."""
    host = "cn4.example.org"
    deployment.agent(host).start()
    admin.up(host)
    config = {"Table": {"args": "/var/log/nowhere", "Separator": ","}}

    answer = admin("PUT", f"/v1/hosts/{host}/plugins/table", {"enabled": True, "config": config})

    assert answer.status == 200, answer
    assert answer.body["operation"]["state"] == "failed", answer
    assert answer.body["operation"]["error"]["code"] == "config_rejected"
    assert "does not specify any (valid) results" in answer.body["operation"]["error"]["detail"]
    shown = admin("GET", f"/v1/hosts/{host}/plugins")
    assert "table" not in [plugin["plugin"] for plugin in shown.body["plugins"] if plugin["desired"]]
    eventually(lambda: admin("GET", f"/v1/hosts/{host}").body["host"]["in_sync"])


def test_what_a_new_collectd_dies_of_is_seen_beside_what_runs(deployment: Deployment, admin: Caller) -> None:
    """One that has taken over, unless this machine is too slow for that."""
    host = "cn6.example.org"
    agent = deployment.agent(host, agent={"drivers": "replace,restart", "probation": 1000})
    agent.furnish((), "Interval 1\nLoadPlugin load")
    agent.start()
    admin.up(host)
    answer = admin("PUT", f"/v1/hosts/{host}/plugins/memory", {"enabled": True})
    assert (answer.status, answer.body["operation"]["state"]) == (200, "succeeded"), answer
    died = pid(admin, host)

    os.kill(died, signal.SIGSEGV)

    def shown() -> Any:
        return admin("GET", f"/v1/hosts/{host}").body["host"]

    eventually(lambda: shown()["daemon"]["pid"] not in (None, died))
    eventually(lambda: shown()["failed_attempt"] and shown()["in_sync"])
    attempt = shown()["failed_attempt"]
    assert (attempt["id"], attempt["state"]) == (answer.body["operation"]["id"], "failed")
    assert attempt["error"]["code"] == "daemon_died"
    runs = admin("GET", f"/v1/hosts/{host}/plugins").body["plugins"]
    assert "memory" not in [plugin["plugin"] for plugin in runs if plugin["effective"]["enabled"]]
    assert agent.collectds() == [pid(admin, host)]
