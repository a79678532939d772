# SPDX-License-Identifier: Apache-2.0
"""What a client may ask for in ``OpenStack-API-Version``."""

from __future__ import annotations

import pytest

from collectd_mgr import exception
from collectd_mgr.api import version


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "collectd-mgr 1.0",
        "Collectd-Mgr 1",
        "collectd-mgr\tlatest",
        "compute 2.95",
        "compute 9, collectd-mgr 1.0",
    ],
)
def test_what_is_served(header: str | None) -> None:
    version.check(header)


@pytest.mark.parametrize("number", ["1.1", "0.9", "2.0", "9.9", "1.0.0", "soon", "", "1.0 1.0"])
@pytest.mark.parametrize("before", ["", "compute 2.95, ", "collectd-mgr 1.0,"])
@pytest.mark.parametrize("between", [" ", "\t", "  "])
def test_what_is_not(before: str, between: str, number: str) -> None:
    with pytest.raises(exception.NotAcceptable) as caught:
        version.check(f"{before}collectd-mgr{between}{number}")
    assert caught.value.kwargs == {"versions": [version.CURRENT]}
    assert repr(number) in caught.value.detail
