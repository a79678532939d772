# SPDX-License-Identifier: Apache-2.0
"""Which collectd a host is to run, as a body says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.api.call import Call
from collectd_mgr.domain import capabilities, plan, program


def asked(body: Mapping[str, Any]) -> dict[str, dict[str, str] | None]:
    """The settings of :mod:`collectd_mgr.domain.program` in it: none where it leaves that as it is."""
    named = [program.setting(kind, body[kind]) for kind in program.KINDS if kind in body]
    return {program.NAME: named[0]} if named else {}


def check_known(call: Call, *changes: str) -> None:
    """What no agent did at first is asked of none that has never heard of it.

    :param changes: beside another collectd, where the body asks for one
    :raises AgentOutdated:
    """
    news = (*changes, plan.PROGRAM) if asked(call.body) else changes
    unheard_of = capabilities.unheard_of(call.control.capabilities(call.host), news) if news else []
    if unheard_of:
        detail = f"The agent of {call.host} is of a release that knows no {unheard_of[0]}."
        raise exception.AgentOutdated(detail, host=call.host)
