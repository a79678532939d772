# SPDX-License-Identifier: Apache-2.0
"""What is asked of the agent of a host before collectd is started anew there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from collectd_mgr import exception
from collectd_mgr.api import hosts
from collectd_mgr.api.call import Call
from collectd_mgr.control import edits
from collectd_mgr.domain import plan


class Control:
    """Of a host whose agent says that."""

    def __init__(self, *offers: dict[str, Any]) -> None:
        self._said = {"drivers": list(offers)}

    def capabilities(self, name: str) -> dict[str, Any]:
        return self._said

    def change(self, *_: object, **__: object) -> Any:
        raise exception.Busy("It is asked for.")


@dataclass(frozen=True)
class Asked:
    body: dict[str, Any]
    control: Control
    host: str = "c1"
    requester: object = None
    expected: object = None


FIRST = {"driver": "live", "capabilities": ["plugin.load"], "missing": {"daemon.restart": "Not inside itself."}}
NOW = {"driver": "live", "capabilities": ["plugin.load"], "missing": {"daemon.replace": "No.", "program.set": "No."}}


@pytest.mark.parametrize(
    ("body", "changes", "unknown"),
    [
        ({}, (), None),
        ({"binary": "/opt/collectd"}, (), "program.set"),
        ({"image": None}, (), "program.set"),
        ({}, (plan.REPLACE_DAEMON,), "daemon.replace"),
    ],
)
def test_what_an_agent_of_an_earlier_release_would_leave_out_is_not_asked_of_it(
    body: dict[str, Any], changes: tuple[str, ...], unknown: str | None
) -> None:
    """It would call it applied. What one cannot do and says so is for itself to refuse."""

    def ask(*offers: dict[str, Any]) -> None:
        hosts._anew(cast(Call, Asked(body, Control(*offers))), edits.restart_daemon, "restart", *changes)

    for offers in ((FIRST, NOW), ()):
        with pytest.raises(exception.Busy):
            ask(*offers)
    with pytest.raises(exception.CollectdMgrError, match=unknown or "asked for") as error:
        ask(FIRST)
    assert isinstance(error.value, exception.AgentOutdated if unknown else exception.Busy)
