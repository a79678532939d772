# SPDX-License-Identifier: Apache-2.0
"""A later server asks an agent for what that does not know: the operation fails with the reason, and the host goes on
with what was good.
"""

from __future__ import annotations

from typing import Any

from collectd_mgr.control import edits
from collectd_mgr.control.requester import Requester
from collectd_mgr.domain.status import HostStatus
from tests.api.service import Service
from tests.api.test_hostile import ask

HOST = "cn1.example.org"


def get(service: Service, path: str) -> Any:
    return ask(service, "GET", path).json


def enable(service: Service, plugin: str) -> Any:
    return ask(service, "PUT", f"/v1/hosts/{HOST}/plugins/{plugin}", b'{"enabled": true}').json["operation"]


def enabled(status: HostStatus) -> set[str]:
    """What a value that has come meanwhile does not change."""
    return {name for name, plugin in status.plugins.items() if plugin.enabled}


def test_it_fails_once_and_the_next_change_is_made(service: Service) -> None:
    agent = service.agent(HOST)
    assert enable(service, "cpu")["state"] == "succeeded"
    before = agent.reporter.observed()
    news = edits.set_setting("phases", "a", {"seconds": 3})
    done = service.control.change(Requester("u1", "p1", "req-1"), HOST, news, "phases.set", setting="a")
    operation = get(service, f"/v1/operations/{done.operation.id}")["operation"]
    assert (operation["state"], operation["error"]["code"]) == ("failed", "agent_outdated")
    assert operation["error"]["detail"].endswith("does not know phases.")
    # What was good is desired again. It is the last word, and nothing is sent over and over.
    assert service.control.desired(HOST)[1].layer.sections == {}
    service.control.send(HOST, 30.0)
    assert service.control.unsettled() == []
    after = agent.reporter.observed()
    service.hear(after)
    assert service.control.unsettled() == []
    assert (enabled(after), after.daemon, after.outcome) == (enabled(before), before.daemon, "applied")
    assert get(service, f"/v1/hosts/{HOST}")["host"]["in_sync"] is True
    assert enable(service, "df")["state"] == "succeeded"
