# SPDX-License-Identifier: Apache-2.0
"""One way to write a JSON value, so that equal values have equal digests."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def dumps(value: Any) -> str:
    """Sorted keys, no spaces, no NaN; :raises ValueError: for what JSON cannot hold."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(value: Any) -> str:
    """The first 32 hex digits of SHA-256 over :func:`dumps`: for equality, not for secrecy.

    Whoever has it can see whether a guess of ``value`` is right: that of a secret is shown to nobody.
    """
    return hashlib.sha256(dumps(value).encode()).hexdigest()[:32]
