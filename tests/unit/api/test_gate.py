# SPDX-License-Identifier: Apache-2.0
"""Roles count in projects of operators only, and an operator's own policy file has the last word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.api import identity
from collectd_mgr.api.gate import Gate
from collectd_mgr.api.identity import Identity
from collectd_mgr.testing import configuration

SET = "collectd_mgr:plugins:set"
GET = "collectd_mgr:plugins:get"


def gate(**options: Any) -> Gate:
    return Gate(configuration.scratch("sqlite://", api={"operator_projects": ["ops"], **options}))


def allowed(gate: Gate, who: Identity, rule: str) -> bool:
    try:
        gate.check(who, rule)
    except exception.Forbidden as error:
        return error.kwargs != {"rule": rule}
    return True


@pytest.mark.parametrize(
    ("who", "writes", "reads"),
    [
        (Identity("u", "anywhere", ("admin",)), True, True),
        (Identity("u", "ops", ("manager",)), True, True),
        (Identity("u", "ops", ("reader",)), False, True),
        (Identity("u", "ops", ("member",)), False, False),
        (Identity("u", "tenant", ("manager", "reader")), False, False),
        (Identity("u", "", ("manager",)), False, False),
        (Identity("u", "", ("admin",), system_scope="all"), False, False),
        (Identity("u", "", ("admin",), domain="default"), False, False),
    ],
    ids=str,
)
def test_who_may(who: Identity, writes: bool, reads: bool) -> None:
    assert (allowed(gate(), who, SET), allowed(gate(), who, GET)) == (writes, reads)


def test_a_policy_file_has_the_last_word(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text(f'"{SET}": "role:member"\n')
    conf = configuration.scratch("sqlite://")
    Gate(conf)
    conf.set_override("policy_file", str(tmp_path / "policy.yaml"), "oslo_policy")
    assert allowed(Gate(conf), Identity("u", "any", ("member",)), SET)


def test_a_rule_that_nobody_wrote_is_an_error() -> None:
    with pytest.raises(Exception, match="nowhere"):
        gate().check(Identity("u", "ops", ("admin",)), "nowhere")


def test_without_authentication_everybody_is_one() -> None:
    assert gate(auth_strategy="none").identify({}) is identity.EVERYBODY


def test_only_a_confirmed_token_counts() -> None:
    with pytest.raises(exception.Unauthorized):
        gate().identify({"HTTP_X_ROLES": "admin", "HTTP_X_IDENTITY_STATUS": "Invalid"})
