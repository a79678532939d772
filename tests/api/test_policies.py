# SPDX-License-Identifier: Apache-2.0
"""Every request against every role. Where it is refused, nothing reaches the bus and nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import webob
from oslo_policy import policy

from collectd_mgr.api import policies
from collectd_mgr.api.policies import base
from collectd_mgr.db import operations
from collectd_mgr.db.paging import Paging
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.status import HostStatus
from tests.api.contract import DOCUMENT
from tests.api.service import TOKENS, Service

RULES = [rule for rule in policies.list_rules() if isinstance(rule, policy.DocumentedRuleDefault)]
MAY_WRITE = {"admin", "manager"}
MAY_READ = MAY_WRITE | {"reader", "member"}
PLACES = {"host": "nowhere", "plugin": "memory", "n": "1", "operation": "none", "setting": "none"}


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


def ask(service: Service, rule: policy.DocumentedRuleDefault, token: str | None) -> int:
    operation = rule.operations[0]
    headers = {"X-Auth-Token": token} if token else {}
    request = webob.Request.blank(operation["path"].format(**PLACES), method=operation["method"], headers=headers)
    return int(request.get_response(service.application).status_int)


def served() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for verb, operation in item.items():
            if verb != "parameters":
                yield verb, path, operation


@pytest.mark.parametrize("token", sorted(TOKENS))
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_who_may(service: Service, rule: policy.DocumentedRuleDefault, token: str) -> None:
    allowed = MAY_WRITE if rule.check_str == f"rule:{base.OPERATE}" else MAY_READ
    assert (ask(service, rule, token) != 403) == (token in allowed)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_nobody_may_without_a_valid_token(service: Service, rule: policy.DocumentedRuleDefault) -> None:
    assert [ask(service, rule, token) for token in (None, "forged")] == [401, 401]


def test_every_request_has_a_rule_of_its_own() -> None:
    shown = {
        (verb.upper(), path): operation["operationId"] for verb, path, operation in served() if operation["security"]
    }
    assert shown == {(rule.operations[0]["method"], rule.operations[0]["path"]): rule.name for rule in RULES}


def test_only_the_versions_are_for_everybody() -> None:
    assert {path for _, path, operation in served() if not operation["security"]} == {"/", "/v1", "/v1/openapi.json"}


def test_what_is_refused_is_not_stored_and_not_sent(service: Service) -> None:
    service.hear(HostStatus("cn9", 1, 1, mode=Mode("manage")))
    for token, status in (("member", 403), (None, 401)):
        headers = {"X-Auth-Token": token} if token else {}
        request = webob.Request.blank("/v1/hosts/cn9/plugins/cpu", method="PUT", headers=headers)
        request.body, request.content_type = b'{"enabled": true}', "application/json"
        assert request.get_response(service.application).status_int == status
    assert service.control.get("cn9").n == 0
    with service.database.reader() as session:
        assert operations.listed(session, operations.Filters(), Paging()) == []
