# SPDX-License-Identifier: Apache-2.0
"""Who waits wants what he asked for to be in effect."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, cast

import pytest
from osc_lib.exceptions import CommandError

from collectd_mgr.cli.changes import Answer, Change, ended_badly
from collectd_mgr.cli.client import Client, MayPass, NotThere
from collectd_mgr.domain.operations import FAILED, STATES, SUCCEEDED


@pytest.mark.parametrize("state", STATES)
def test_only_a_success_is_one_for_who_waited(state: str) -> None:
    assert ended_badly({"state": state}, waited=True) == (state != SUCCEEDED)
    assert ended_badly({"state": state}, waited=False) == (state == FAILED)


class Answered(Client):
    """All operations have failed by now."""

    def __init__(self) -> None:
        pass

    def get(self, url: str, **kwargs: Any) -> Any:
        return self

    def json(self) -> dict[str, Any]:
        return {"operation": {"id": "1", "host": "c1", "state": "failed"}}


class Failing(Change):
    rules = ()

    def __init__(self, error: CommandError) -> None:
        self.error = error

    def send(self, client: Client, host: str, args: Namespace, body: dict[str, Any]) -> Answer:
        raise self.error

    def outcome(self, client: Client, operation: dict[str, Any], args: Namespace) -> Answer:
        raise self.error


@pytest.mark.parametrize(("error", "state"), [(NotThere("nobody"), "refused"), (MayPass("no answer"), "unknown")])
def test_what_nobody_answered_is_not_said_to_be_refused(error: CommandError, state: str) -> None:
    """It may have been stored before the API, or a proxy, was gone."""
    answer = Failing(error)._answer(cast(Client, None), "c1", Namespace(hosts=["c1", "c2"]))
    assert answer["operation"]["state"] == state
    assert ended_badly(answer["operation"], waited=False)


@pytest.mark.parametrize(("error", "warned"), [(NotThere("no such plugin"), 0), (MayPass("no answer"), 1)])
def test_an_operation_has_its_row_where_nobody_says_what_came_of_it(
    error: CommandError, warned: int, caplog: pytest.LogCaptureFixture
) -> None:
    first: Answer = {"operation": {"id": "1", "host": "c1", "state": "pending"}, "plugin": {"health": "unknown"}}
    answers = [first]
    Failing(error)._follow(Answered(), answers, Namespace(timeout=60))
    assert answers == [{"operation": {"id": "1", "host": "c1", "state": "failed"}}]
    assert len(caplog.messages) == warned
