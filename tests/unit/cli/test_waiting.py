# SPDX-License-Identifier: Apache-2.0
"""Operations go on, whoever looks on."""

from __future__ import annotations

from typing import Any

import pytest
from osc_lib.exceptions import CommandError

from collectd_mgr.cli.client import Client, MayPass, NotThere
from collectd_mgr.cli.hosts import afterwards
from collectd_mgr.cli.waiting import read, settled


class Answer:
    def __init__(self, state: str) -> None:
        self._state = state

    def json(self) -> dict[str, Any]:
        return {"operation": {"id": "1", "state": self._state}}


class Scripted(Client):
    """Answers with states, or fails, in turn."""

    def __init__(self, *script: str | Exception) -> None:
        self._script = iter(script)

    def get(self, url: str, **kwargs: Any) -> Any:
        step = next(self._script)
        if isinstance(step, Exception):
            raise step
        return Answer(step)


PENDING = {"id": "1", "state": "pending"}


def test_an_api_that_is_away_for_a_while_is_asked_again() -> None:
    client = Scripted(MayPass("503"), "applying", MayPass("refused"), "succeeded")
    assert settled(client, [PENDING], 60) == [{"id": "1", "state": "succeeded"}]


def test_what_was_known_last_is_said_when_the_time_is_over() -> None:
    assert settled(Scripted("applying", *[MayPass("503")] * 9), [PENDING], 0.2) == [{"id": "1", "state": "applying"}]


def test_what_does_not_pass_ends_it() -> None:
    with pytest.raises(NotThere):
        settled(Scripted(NotThere("gone")), [PENDING], 60)


def test_what_is_read_afterwards_is_asked_for_as_long_as_one_waits() -> None:
    assert read(Scripted(MayPass("503"), MayPass("refused"), "on"), "/", 60)["operation"]["state"] == "on"
    with pytest.raises(MayPass, match="503"):
        read(Scripted(MayPass("503"), "on"), "/", 0)


def test_what_became_of_it_is_said_where_the_host_cannot_be_told() -> None:
    ended = {"id": "1", "state": "succeeded", "error": None}
    with pytest.raises(CommandError, match=r"1 is succeeded\. .* cannot be told: 503"):
        afterwards(Scripted(MayPass("503")), "/", ended, 0)
