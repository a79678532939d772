# SPDX-License-Identifier: Apache-2.0
"""Events: what each tells, and that none of them is what Ceilometer chokes on."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr.domain import events
from collectd_mgr.domain.events import About, Event
from collectd_mgr.domain.notifications import Notification

ABOUT = About("cn1.example.org", "infrastructure")

FACTS = dict.fromkeys(("plugin", "operation", "action", "setting", "request_id", "requester", "requester_project"), "x")

CROSSED = Notification("failure", "too hot", 1000.0, plugin="cpu", meta={"CurrentValue": 97.5}, since=990.0)

ONE_OF_EACH = (
    events.said(ABOUT, CROSSED, 1),
    events.said(ABOUT, Notification("okay", "fine"), 2),
    events.host_up(ABOUT, 1000.0),
    events.host_down(ABOUT, 1000.0, 1030.0),
    events.operation_failed(ABOUT, 1000.0, {"code": "config_rejected", "detail": "no"}, FACTS),
    events.lease_ended(ABOUT, 1000.0, "lease:1", "cpu", "", ""),
)


def test_there_is_one_of_each() -> None:
    assert [event.type for event in ONE_OF_EACH] == list(events.TRAITS)


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: str(event.type))
def test_each_tells_what_is_promised_and_no_more(event: Event) -> None:
    assert event.payload.keys() | {"value"} == events.TRAITS[event.type].keys() | {"value"}
    digestible(event)


def test_what_a_threshold_says() -> None:
    told = events.said(ABOUT, CROSSED, 1).payload
    assert (told["severity"], told["value"], told["plugin"], told["count"]) == ("FAILURE", 97.5, "cpu", 1)
    assert (told["since"], told["timestamp"]) == ("1970-01-01T00:16:30.000Z", "1970-01-01T00:16:40.000Z")
    assert told["resource_id"] == events.resource_id("cn1.example.org")
    assert told == events.said(ABOUT, CROSSED, 1).payload, "the same when it is sent twice"
    assert told["id"] != events.said(ABOUT, CROSSED, 2).payload["id"]


def digestible(event: Event) -> None:
    """What Ceilometer, Aodh and Gnocchi can take, and a file or a database behind them."""
    assert json.dumps(event.payload, allow_nan=False).isascii()
    for name, value in event.payload.items():
        kind = events.TRAITS[event.type][name]
        if kind == events.TIME:
            assert datetime.fromisoformat(value).tzinfo, name
        elif kind == events.TEXT:
            assert len(value) <= 1000
            assert "\0" not in value
            value.encode()
        else:
            assert math.isfinite(value), name


ODD_TIMES = st.one_of(st.floats(), st.sampled_from([1e18, -1e18, 17179869184.0, -62135596801.0, 253402300800.0]))
ODD_TEXTS = st.one_of(st.text(), st.sampled_from(["\udcff", "\0", "x" * 100_000, "\U0001f525" * 2000]))
ODD_VALUES = st.one_of(st.floats(), st.integers(), st.booleans(), ODD_TEXTS, st.just(10**400), st.none())


@given(text=ODD_TEXTS, time=ODD_TIMES, since=ODD_TIMES, value=ODD_VALUES)
def test_whatever_collectd_says_can_be_digested(text: str, time: float, since: float, value: Any) -> None:
    what = Notification("failure", text, time, text, text, text, "gauge", text, {"CurrentValue": value}, 1, since)
    digestible(events.said(ABOUT, what, 1))


@given(text=ODD_TEXTS, time=ODD_TIMES)
def test_whatever_happens_can_be_digested(text: str, time: float) -> None:
    about = About("cn1.example.org", "infrastructure")
    error = {"code": "config_rejected", "detail": text, "facts": {"line": text}}
    digestible(events.operation_failed(about, time, error, dict.fromkeys(FACTS, text)))
    digestible(events.lease_ended(about, time, text, "", text, text))
    digestible(events.host_up(about, time))
    digestible(events.host_down(about, time, time))
