# SPDX-License-Identifier: Apache-2.0
"""Durations, moments, sizes and counts as people write them."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from collectd_mgr.cli import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("0.5", 0.5),
        ("500ms", 0.5),
        ("10m", 600),
        ("1h30m", 5400),
        ("1.5d", 129600),
        ("-1", -1),
        ("1e3", 1000),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert units.seconds(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "10 m", "10M", "10min", "m", "1h30", "nan", "inf", "-5m", f"{10**400}d"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no duration: seconds"):
        units.seconds(text)


def test_moments() -> None:
    assert units.moment("2026-11-22T18:00:00Z") == "2026-11-22T18:00:00Z"
    before = datetime.now(UTC)
    ago = datetime.fromisoformat(units.moment("1h"))
    assert before <= ago + timedelta(hours=1) <= datetime.now(UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "10", "18:00", "1h30", "1000000d", "9999999999d"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no time: ISO 8601"):
        units.moment(text)


@pytest.mark.parametrize(
    ("text", "size"), [("1048576", 1 << 20), ("1M", 1 << 20), ("1MiB", 1 << 20), ("512k", 1 << 19), ("2gb", 1 << 31)]
)
def test_sizes(text: str, size: int) -> None:
    assert units.size(text) == size


@pytest.mark.parametrize("text", ["", "M", "1.5M", "-1", "1 M", "1X"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no size: bytes"):
        units.size(text)


def test_counts() -> None:
    assert units.count("25") == 25


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "few", "²", "9" * 30])
def test_what_is_no_count(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no count: a whole number, 1 at the least"):
        units.count(text)
