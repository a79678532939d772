# SPDX-License-Identifier: Apache-2.0
"""A secret goes to collectd, and to nobody else: a whole deployment at DEBUG, searched from end to end."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.contract import DOCUMENT
from tests.functional.deployment import Agent, Caller, Deployment
from tests.services.place import directory
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE, eventually

HOST = "cn1.canary.example.org"

#: No other text has it in it.
CANARY = "c4n4ryInTheMine"

_MATCH = {"Regex": "([0-9]+)", "DSType": "GaugeLast", "Type": "gauge"}

#: By plugin; what collectd takes, what it rejects with the secret in its own words, and what the host refuses.
CONFIGS: list[tuple[str, Any]] = [
    (
        "curl",
        {
            "Page": {
                "args": "x",
                "URL": f"http://me:{CANARY}@127.0.0.1:9/?token={CANARY}",
                "User": "me",
                "Password": CANARY,
                "Header": [f"X-Auth-Token: {CANARY}", f"Authorization: Bearer {CANARY}"],
                "Match": _MATCH,
            }
        },
    ),
    ("mysql", f'<Database "x">\n  Host "127.0.0.1"\n  User "me"\n  Password "{CANARY}"\n</Database>\n'),
    (
        "snmp",
        {
            "Data": {"args": "d", "Type": "gauge", "Values": ".1.3.6.1.2.1.1.3.0"},
            "Host": {"args": "h", "Address": "127.0.0.1:9", "Version": 2, "Community": CANARY, "Collect": "d"},
        },
    ),
    ("write_http", {"Node": {"args": "n", "URL": f"http://127.0.0.1:9/?api_key={CANARY}", "ClientKeyPass": CANARY}}),
    (
        "curl",
        {"Page": {"args": "x", "URL": "http://127.0.0.1:9/", "Match": {**_MATCH, "Regex": f"(password={CANARY}"}}},
    ),
    ("memcached", {"Instance": {"args": "x", "Nonsense": f"https://me:{CANARY}@x/", "SecretKey": CANARY}}),
    ("tail", {"File": {"args": f"/etc/x?password={CANARY}", "Password": CANARY}}),
    ("exec", {"Exec": {"args": ["nobody", "/bin/x", f"--password={CANARY}"]}}),
    ("cpu", f'Password "{CANARY}\n"'),
]


@pytest.fixture(scope="module")
def deployment(rabbitmq: RabbitMQ) -> Iterator[Deployment]:
    home = directory()
    options: dict[str, dict[str, object]] = {"api": {"auth_strategy": "none"}, "DEFAULT": {"debug": True}}
    deployment = Deployment(rabbitmq.url, f"sqlite:///{home}/state.db", options)
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.close()


def everything(url: str, operations: list[str]) -> Iterator[str]:
    """All answers that there are."""
    plugins = {name for name, _ in CONFIGS}
    for path, item in DOCUMENT["paths"].items():
        if "get" not in item:
            continue
        for plugin in plugins if "{plugin}" in path else [""]:
            for operation in operations if "{operation}" in path else [""]:
                for n in range(len(CONFIGS) * 2) if "{n}" in path else [0]:
                    names = {"host": HOST, "plugin": plugin, "operation": operation, "n": n}
                    yield fetched(url + path.format_map(defaultdict(lambda: "x", names)))
    for query in ("text", "diff=0", "diff=desired"):
        yield fetched(f"{url}/v1/hosts/{HOST}/config?{query}")


def fetched(url: str) -> str:
    """What is there, an error too; as it is sent, be it text or JSON."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as response:
            return str(response.read())
    except urllib.error.HTTPError as error:
        return str(error.read())


def heard(channel: Any, queue: str) -> Iterator[str]:
    while (message := channel.basic_get(queue, no_ack=True)) is not None:
        yield str(message.body)


def readable(file: Path, below: Path) -> bool:
    """Whether anybody but the owner could read it, by its own mode and those of the directories above."""
    return all(path.stat().st_mode & 0o007 for path in (file, *file.parents) if path.is_relative_to(below))


def files(home: Path) -> list[str]:
    return [str(file) for file in home.rglob("*") if file.is_file() and CANARY.encode() in file.read_bytes()]


def lines(file: str) -> list[str]:
    """The file, and what it should not have in it."""
    return [file, *(line for line in Path(file).read_text(errors="replace").splitlines() if CANARY in line)]


def test_it_stays_where_it_is(deployment: Deployment, rabbitmq: RabbitMQ) -> None:
    agent: Agent = deployment.agent(HOST, DEFAULT={"debug": True, "transport_url": rabbitmq.url})
    caller = Caller(deployment.urls[0])
    with rabbitmq.connect() as connection:
        channel = connection.channel()
        agent.start()
        caller.up(HOST)
        ear = channel.queue_declare(exclusive=True).queue
        channel.queue_bind(ear, exchange="collectd_mgr", routing_key="#")
        answers = [
            caller("PUT", f"/v1/hosts/{HOST}/plugins/{plugin}", {"enabled": True, "config": config, "reason": "x"})
            for plugin, config in CONFIGS
        ]
        said = [str(answer.body) for answer in answers]
        operations = [row["id"] for row in caller("GET", "/v1/operations").body["operations"]]
        assert len(operations) >= len(CONFIGS) - 1
        eventually(lambda: caller("GET", f"/v1/hosts/{HOST}").body["host"]["in_sync"])
        said += everything(deployment.urls[0], operations)
        bus = [body for body in heard(channel, ear) if CANARY in body]

    assert [text[:3000] for text in said if CANARY in text] == []
    # The test is worth something: the secrets went all the way, and were told apart.
    states = [answer.body["operation"]["state"] if answer.status == 200 else answer.status for answer in answers]
    assert states[:4] == ["succeeded"] * 4, states
    assert states[6:8] == [403, 403]
    assert {call(body) for body in bus} == {"apply"}
    managed = list((agent.home / "managed").glob("*"))
    assert any(CANARY in file.read_text() for file in managed if file.is_file())

    agent.process.stop()
    private = [str(agent.home / "state"), str(agent.home / "managed")]
    found = [file for file in files(agent.home) if not file.endswith("/collectd.log")]
    assert [lines(file) for file in found if not file.startswith(tuple(private))] == []
    assert [file for file in found if readable(Path(file), agent.home)] == []
    assert files(deployment.home) == []
    assert not any(CANARY.encode() in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in agent.collectds())


def call(body: str) -> str:
    """The method that a message on the bus calls."""
    return str(json.loads(json.loads(body)["oslo.message"]).get("method", body[:2000]))


def test_the_database_has_it_sealed_only(deployment: Deployment) -> None:
    """After the test above: the file itself, whatever is in which table."""
    configured = (deployment.home / "collectd-mgr.conf").read_text()
    path = Path(configured.partition("sqlite:///")[2].splitlines()[0])
    assert path.stat().st_size > 0
    assert files(path.parent) == []
