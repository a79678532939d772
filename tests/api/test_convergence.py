# SPDX-License-Identifier: Apache-2.0
"""A record that was forgotten, or restored from a backup, and a real agent meet again."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
import webob

from collectd_mgr.agent.service import AgentService
from tests.api.service import Service

HOST = "cn1.example.org"


@pytest.fixture
def agent(service: Service) -> AgentService:
    return service.agent(HOST)


def enable(service: Service, plugin: str) -> dict[str, Any]:
    address = f"/v1/hosts/{HOST}/plugins/{plugin}"
    request = webob.Request.blank(address, method="PUT", headers={"X-Auth-Token": "admin"})
    request.body, request.content_type = b'{"enabled": true}', "application/json"
    operation: dict[str, Any] = json.loads(request.get_response(service.application).text)["operation"]
    return operation


def conduct(service: Service, agent: AgentService) -> None:
    """What a conductor does with a heartbeat."""
    service.hear(agent.reporter.observed())
    for host in service.control.unsettled():
        service.control.send(host, 5.0)


def managed(agent: AgentService) -> set[str]:
    """What the daemon runs of ours."""
    return {name for name, plugin in agent.reporter.observed().plugins.items() if plugin.enabled} - {"df"}


def test_a_host_that_was_forgotten(service: Service, agent: AgentService) -> None:
    assert enable(service, "memory")["state"] == "succeeded"
    old = service.control.get(HOST).epoch
    service.control.forget(HOST, force=True)
    conduct(service, agent)
    assert service.control.get(HOST).epoch != old
    assert managed(agent) == set()
    assert service.control.unsettled() == []
    assert enable(service, "swap")["state"] == "succeeded"
    assert managed(agent) == {"swap"}


@pytest.mark.parametrize("asked", [True, False], ids=["by a change", "by a heartbeat"])
def test_a_database_of_last_week(service: Service, agent: AgentService, asked: bool) -> None:
    enable(service, "memory")
    restore = backup(service)
    for plugin in ("swap", "users"):
        enable(service, plugin)
    restore()
    assert service.control.get(HOST).n == 1
    if asked:
        operation = enable(service, "load")
        assert (operation["state"], operation["generation"]["n"]) == ("succeeded", 5)
    else:
        conduct(service, agent)
    conduct(service, agent)
    assert managed(agent) == ({"memory", "load"} if asked else {"memory"})
    host = service.control.get(HOST)
    assert (host.last_good, host.n) == (5, 5)


def test_a_database_from_before_the_host_was_forgotten(service: Service, agent: AgentService) -> None:
    enable(service, "memory")
    restore = backup(service)
    service.control.forget(HOST, force=True)
    conduct(service, agent)
    enable(service, "swap")
    restore()
    conduct(service, agent)
    conduct(service, agent)
    assert managed(agent) == {"memory"}
    assert service.control.unsettled() == []


def backup(service: Service) -> Any:
    """Of everything; the answer puts it back."""
    service.database.close()
    state, kept = service.directory / "state.db", service.directory / "kept.db"
    shutil.copy(state, kept)

    def restore() -> None:
        service.database.close()
        for name in ("state.db-wal", "state.db-shm"):
            (service.directory / name).unlink(missing_ok=True)
        shutil.copy(kept, state)

    return restore
