# SPDX-License-Identifier: Apache-2.0
"""Types and rates."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr.domain import types_db

TEXT = """\
# comment
cpu   value:DERIVE:0:U
if_octets   rx:DERIVE:0:U, tx:DERIVE:0:U  # of an interface
broken   value:NONSENSE:0:U
half   value:GAUGE
alone
"""


def test_a_file() -> None:
    assert types_db.parse(TEXT) == {
        "cpu": (("value", "derive"),),
        "if_octets": (("rx", "derive"), ("tx", "derive")),
    }


def test_the_last_file_counts() -> None:
    assert types_db.merged([TEXT, "cpu v:GAUGE:0:1"])["cpu"] == (("v", "gauge"),)


def test_every_type_of_debians_file_is_read() -> None:
    text = Path(types_db.DEFAULT).read_text()
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert len(types_db.parse(text)) == len({line.split()[0] for line in lines})


@pytest.mark.parametrize(
    ("kind", "before", "now", "rate"),
    [
        ("gauge", None, (10, 5), 5),
        ("gauge", None, (10, float("nan")), None),
        ("derive", None, (10, 5), None),
        ("derive", (8, 1), (10, 5), 2),
        ("derive", (8, 5), (10, 1), -2),
        ("counter", (8, 2**32 - 1), (10, 1), 1),
        ("counter", (8, 2**64 - 1), (10, 1), 1),
        ("absolute", (8, 100), (10, 5), 2.5),
        ("derive", (10, 1), (10, 5), None),
    ],
)
def test_rates(kind: str, before: tuple[float, float] | None, now: tuple[float, float], rate: float | None) -> None:
    assert types_db.rate(kind, before, now) == rate
