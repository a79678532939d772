# SPDX-License-Identifier: Apache-2.0
"""Hosts that were forgotten, databases from last week, writers at the same time: what runs becomes what is wanted."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.functional.deployment import Answer, Caller, Deployment
from tests.services.keystone import Keystone
from tests.services.mariadb import MariaDB
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("hosts_leave")


def put(caller: Caller, host: str, plugin: str, enabled: bool) -> Answer:
    return caller("PUT", f"/v1/hosts/{host}/plugins/{plugin}", {"enabled": enabled})


def running(caller: Caller, host: str) -> set[str]:
    """The managed plugins that the daemon reads."""
    shown = caller("GET", f"/v1/hosts/{host}/plugins").body["plugins"]
    return {row["plugin"] for row in shown if row["origin"] == "managed" and (row["effective"] or {}).get("enabled")}


def in_sync(caller: Caller, host: str) -> bool:
    return bool(caller("GET", f"/v1/hosts/{host}").body["host"]["in_sync"])


def test_a_host_deleted_and_back(deployment: Deployment, admin: Caller) -> None:
    host = "back.example.org"
    deployment.agent(host).start()
    admin.up(host)
    assert put(admin, host, "memory", True).status == 200
    epoch = admin("GET", f"/v1/hosts/{host}").body["host"]["generation"]["epoch"]

    assert admin("DELETE", f"/v1/hosts/{host}").status == 409
    assert admin("DELETE", f"/v1/hosts/{host}?force=true").status == 204
    admin.up(host)

    assert admin("GET", f"/v1/hosts/{host}").body["host"]["generation"]["epoch"] != epoch
    answer = put(admin, host, "vmem", True)
    assert (answer.status, answer.body["operation"]["state"]) == (200, "succeeded")
    eventually(lambda: running(admin, host) == {"vmem"} and in_sync(admin, host))


def test_a_database_restored_to_last_week(
    rabbitmq: RabbitMQ, keystone: Keystone, mariadb: MariaDB, tmp_path: Path
) -> None:
    host, url = "restored.example.org", mariadb.database()
    deployment = Deployment(rabbitmq.url, url, {"keystone_authtoken": keystone.authtoken()})
    try:
        deployment.start()
        deployment.agent(host).start()
        admin = Caller(deployment.urls[0], keystone.token("admin", "admin"))
        admin.up(host)
        put(admin, host, "memory", True)
        dump(url, tmp_path / "dump")
        for plugin, enabled in (("memory", False), ("vmem", True), ("contextswitch", True)):
            assert put(admin, host, plugin, enabled).status == 200
        assert running(admin, host) == {"vmem", "contextswitch"}

        for process in (*deployment.apis, *deployment.conductors):
            process.stop()
        restore(url, tmp_path / "dump")
        deployment.start()

        eventually(lambda: running(admin, host) == {"memory"} and in_sync(admin, host))
        assert put(admin, host, "vmem", True).status == 200
        assert running(admin, host) == {"memory", "vmem"}
    finally:
        deployment.close()


def test_a_host_under_another_name_is_another_one_until_it_has_its_own_again(
    deployment: Deployment, admin: Caller
) -> None:
    host, other = "old.example.org", "new.example.org"
    agent = deployment.agent(host, agent={"mode": "observe"})
    agent.start()
    admin.up(host)
    assert admin("PATCH", f"/v1/hosts/{host}", {"mode": {"mode": "manage"}}).status == 200
    assert put(admin, host, "memory", True).status == 200

    def name_it(name: str) -> None:
        agent.process.stop()
        lines = agent.conf.read_text().splitlines()
        agent.conf.write_text("\n".join(f"host = {name}" if line.startswith("host =") else line for line in lines))
        agent.start()

    name_it(other)
    admin.up(other)
    eventually(lambda: admin("GET", f"/v1/hosts/{other}").body["host"]["mode"]["mode"] == "observe")
    assert running(admin, other) == {"memory"}
    assert put(admin, other, "vmem", True).code == "host_not_managed"
    shown = admin("GET", f"/v1/hosts/{host}/plugins").body["plugins"]
    assert [row["plugin"] for row in shown if (row["desired"] or {}).get("enabled")] == ["memory"]

    eventually(lambda: admin("GET", f"/v1/hosts/{host}").body["host"]["status"] == "down")
    name_it(host)
    admin.up(host)
    assert put(admin, host, "vmem", True).status == 200
    eventually(lambda: running(admin, host) == {"memory", "vmem"} and in_sync(admin, host))
    assert admin("GET", f"/v1/hosts/{host}").body["host"]["mode"]["mode"] == "manage"


def test_writers_at_the_same_time(deployment: Deployment, keystone: Keystone, admin: Caller) -> None:
    host = "busy.example.org"
    deployment.agent(host).start()
    admin.up(host)
    token = keystone.token("admin", "admin")

    def write(url: str, plugin: str) -> list[Answer]:
        caller = Caller(url, token)
        return [put(caller, host, plugin, bool(number % 2)) for number in range(10)]

    plugins = ("memory", "vmem", "contextswitch", "entropy")
    with ThreadPoolExecutor() as pool:
        urls = (*deployment.urls, *deployment.urls)
        answers = [answer for batch in pool.map(write, urls, plugins) for answer in batch]

    assert {answer.status for answer in answers} <= {200, 202}
    generations = [answer.body["operation"]["generation"]["n"] for answer in answers]
    assert sorted(generations) == list(range(1, len(answers) + 1))
    eventually(lambda: running(admin, host) == {"memory", "vmem", "contextswitch"})

    def states() -> set[str]:
        return {row["state"] for row in admin("GET", f"/v1/operations?host={host}").body["operations"]}

    eventually(lambda: states() <= {"succeeded", "superseded"}, tell=states)


def test_one_users_failure_is_nobody_elses(deployment: Deployment, keystone: Keystone, admin: Caller) -> None:
    host = "shared.example.org"
    deployment.agent(host).start()
    admin.up(host)
    token = keystone.token("admin", "admin")
    good, bad = ("memory", "vmem", "contextswitch"), ("nosuch1", "nosuch2", "nosuch3")

    def write(url: str, plugins: tuple[str, ...]) -> list[str]:
        caller = Caller(url, token)
        return [str(put(caller, host, plugin, True).body["operation"]["id"]) for plugin in plugins]

    def ended(ids: list[str]) -> list[tuple[str, str]]:
        rows = [admin("GET", f"/v1/operations/{each}").body["operation"] for each in ids]
        return [(row["plugin"], row["state"]) for row in rows]

    with ThreadPoolExecutor() as pool:
        done = [each for batch in pool.map(write, deployment.urls, (good, bad)) for each in batch]
    expected = [*((name, "succeeded") for name in good), *((name, "failed") for name in bad)]
    eventually(lambda: in_sync(admin, host) and ended(done) == expected, tell=lambda: ended(done))
    assert running(admin, host) == set(good)


def dump(url: str, path: Path) -> None:
    with path.open("wb") as file:
        subprocess.run(["mariadb-dump", *_client(url)], check=True, stdout=file)


def restore(url: str, path: Path) -> None:
    with path.open("rb") as file:
        subprocess.run(["mariadb", *_client(url)], check=True, stdin=file)


def _client(url: str) -> list[str]:
    parts = urlsplit(url)
    return ["--no-defaults", "--host=127.0.0.1", f"--port={parts.port}", "--user=root", parts.path.lstrip("/")]
