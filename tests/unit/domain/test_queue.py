# SPDX-License-Identifier: Apache-2.0
"""The limits of the write queue as an operator's configuration has them."""

from __future__ import annotations

from typing import Any

import pytest

from collectd_mgr.domain import grammar, queue
from collectd_mgr.domain.effective import effective
from collectd_mgr.domain.include import Located


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("", None),
        ("WriteQueueLimitHigh 1000", {"high": 1000, "low": 500}),
        ('writequeuelimithigh "1000"\nWriteQueueLimitLow 800', {"high": 1000, "low": 800}),
        ("WriteQueueLimitHigh 1000\nWriteQueueLimitHigh 10", {"high": 10, "low": 5}),
        ("WriteQueueLimitLow 800", None),
        ("WriteQueueLimitHigh 0", None),
        ('WriteQueueLimitHigh "many"', None),
        ("WriteQueueLimitHigh true", None),
    ],
)
def test_of_a_configuration(text: str, limits: Any) -> None:
    statements = tuple(Located(item, "collectd.conf") for item in grammar.parse(f"{text}\n"))
    found = queue.from_options(effective(statements).options)
    assert found == ({queue.LIMITS: limits} if limits else {})
    assert queue.room([each.item for each in statements]) == (limits and limits["low"])
