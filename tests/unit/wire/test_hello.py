# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.wire.hello import hello, negotiate


@pytest.mark.parametrize(
    ("theirs", "ours", "common"), [((1, 1), (1, 1), 1), ((1, 3), (2, 5), 3), ((2, 9), (1, 2), 2), ((1, 9), (4, 4), 4)]
)
def test_the_highest_that_both_speak(theirs: tuple[int, int], ours: tuple[int, int], common: int) -> None:
    assert negotiate(hello(theirs), ours) == common


@pytest.mark.parametrize(
    "theirs", [hello((2, 3)), {}, None, {"wire": [1]}, {"wire": ["1", "2"]}, {"wire": [True, True]}]
)
def test_none_in_common(theirs: object) -> None:
    with pytest.raises(exception.WireMismatch):
        negotiate(theirs, (1, 1))
