# SPDX-License-Identifier: Apache-2.0
"""Errors cross the socket whole, and their codes are unique."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from collectd_mgr import exception

KINDS = sorted(exception.CollectdMgrError.__subclasses__(), key=lambda kind: kind.code)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_an_error_comes_back_as_itself(kind: type[exception.CollectdMgrError]) -> None:
    sent = kind("why", plugin="cpu", n=1)
    back = exception.from_dict(json.loads(json.dumps(sent.to_dict())))
    assert type(back) is kind
    assert (back.detail, back.kwargs, str(back)) == ("why", {"plugin": "cpu", "n": 1}, "why")


def test_codes_are_unique() -> None:
    assert [code for code, n in Counter(kind.code for kind in KINDS).items() if n > 1] == []


def test_an_unknown_code_stays_readable() -> None:
    back = exception.from_dict({"code": "from_the_future", "detail": "tomorrow"})
    assert (type(back), back.detail) == (exception.CollectdMgrError, "tomorrow")
