# SPDX-License-Identifier: Apache-2.0
"""What people are told of a preview."""

from __future__ import annotations

from collectd_mgr.cli.preflight import _cost


def test_an_api_of_an_earlier_release_says_nothing_of_a_gap() -> None:
    assert list(_cost({"changes": [], "problems": []})) == []
