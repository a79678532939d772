# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

from collectd_mgr.drivers.replace import _shifted


def test_times_of_its_own_are_told() -> None:
    (said,) = _shifted({"aligned": False})
    assert "reads at times of its own" in said
    assert not _shifted({"aligned": True})
    assert not _shifted({}), "an extension of another version does not say"
