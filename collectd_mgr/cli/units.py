# SPDX-License-Identifier: Apache-2.0
"""Durations, moments, sizes and counts as people write them."""

from __future__ import annotations

import argparse
import math
import re
import sys
from datetime import UTC, datetime, timedelta

#: What :func:`seconds` and :func:`moment` take, for the help.
DURATION = "seconds, which may have a fraction, or for example 500ms, 90s, 10m, 1h30m"
MOMENT = "ISO 8601, or how long ago, as 10m"

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(ms|[smhd]))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")

_BYTES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SIZE = re.compile(r"(\d+)([kmgt]?)(?:i?b)?", re.IGNORECASE)


def seconds(text: str) -> float:
    """``90``, ``0.5``, ``500ms``, ``1h30m`` → seconds. :raises argparse.ArgumentTypeError: for anything else"""
    try:
        if _DURATION.fullmatch(text):
            number = sum(float(part) * _SECONDS[unit] for part, unit in _PART.findall(text))
        else:
            number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: {DURATION}")
    return number


def moment(text: str) -> str:
    """A time in ISO 8601 as it is; a duration, as ``10m``, is so long ago. :raises argparse.ArgumentTypeError:"""
    try:
        if _DURATION.fullmatch(text):
            return (datetime.now(UTC) - timedelta(seconds=seconds(text))).isoformat().replace("+00:00", "Z")
        datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time: ISO 8601, for example 2026-11-22T18:00:00Z, or how long ago, for example 10m"
        ) from None
    return text


def size(text: str) -> int:
    """``1048576``, ``1M``, ``1MiB`` → bytes. :raises argparse.ArgumentTypeError: for anything else"""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: bytes, or for example 512K, 64M, 1G (of 1024 each)")
    return int(found[1]) * _BYTES[found[2].lower()]


def count(text: str) -> int:
    """A whole number from 1 on. :raises argparse.ArgumentTypeError: for anything else"""
    if not (text.isdecimal() and 0 < int(text) <= sys.maxsize):
        raise argparse.ArgumentTypeError(f"{text!r} is no count: a whole number, 1 at the least")
    return int(text)
