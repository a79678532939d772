# SPDX-License-Identifier: Apache-2.0
"""What the host's own allow-list refuses is 403 with the reason, and nothing is left of it but the record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.service import Service
from tests.api.test_hostile import ask

HOST = "cn1.example.org"


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    service.agent(HOST)
    yield service
    service.close()


def get(service: Service, path: str) -> Any:
    return ask(service, "GET", path).json


def test_a_plugin_that_runs_programs(service: Service) -> None:
    body = b'{"enabled": true, "config": {"Exec": {"args": ["nobody", "/bin/sh"]}}}'
    answer = ask(service, "PUT", f"/v1/hosts/{HOST}/plugins/exec", body)
    assert answer.status_int == 403
    error = answer.json["errors"][0]
    assert (error["code"], error["plugin"], error["reason_code"]) == ("refused_by_agent", "exec", "plugin")
    assert "runs programs" in error["detail"]
    operation = get(service, f"/v1/operations/{error['operation']}")["operation"]
    assert (operation["state"], operation["error"]["code"]) == ("failed", "refused_by_agent")
    plugins = get(service, f"/v1/hosts/{HOST}/plugins")["plugins"]
    assert "exec" not in [row["plugin"] for row in plugins]
    assert get(service, f"/v1/hosts/{HOST}")["host"]["in_sync"] is True


def test_an_option_of_another_one(service: Service) -> None:
    body = b'{"enabled": true, "config": {"Page": {"args": "x", "URL": "gopher://localhost:6379/_FLUSHALL"}}}'
    answer = ask(service, "PUT", f"/v1/hosts/{HOST}/plugins/curl", body)
    assert answer.status_int == 403
    error = answer.json["errors"][0]
    assert (error["option"], error["reason_code"]) == ("Page > URL", "url")


def test_more_of_the_disk_than_the_host_gives(service: Service) -> None:
    answer = ask(service, "PUT", f"/v1/hosts/{HOST}/ring/all", b'{"identifier": "*", "bytes": 1099511627776}')
    error = answer.json["errors"][0]
    assert (answer.status_int, error["option"], error["reason_code"]) == (403, "ring", "size")
    answer = ask(
        service, "PUT", f"/v1/hosts/{HOST}/buffer", b'{"write_queue": null, "spool": {"bytes": 1099511627776}}'
    )
    error = answer.json["errors"][0]
    assert (answer.status_int, error["option"], error["reason_code"]) == (403, "spool", "size")
    shown = get(service, f"/v1/hosts/{HOST}/buffer")["buffer"]
    assert (shown["desired"]["spool"], shown["use"]["ring"]["limit"]) == (None, 0)
