# SPDX-License-Identifier: Apache-2.0
"""Durations as people write them."""

from __future__ import annotations

import argparse
import re

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd]?)")


def seconds(text: str) -> float:
    """``90``, ``10m``, ``1h30m`` → seconds. :raises argparse.ArgumentTypeError: for anything else"""
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise argparse.ArgumentTypeError(f"{text!r} is no duration: seconds, or for example 90s, 10m, 1h30m, 2d")
    return sum(float(number) * _SECONDS[unit or "s"] for number, unit in parts)
