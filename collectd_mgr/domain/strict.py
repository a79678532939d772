# SPDX-License-Identifier: Apache-2.0
"""JSON as somebody sends it: what a parser would drop without a word, or another would not read, is an error."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any


class Twice(ValueError):
    """Of two members of one name all but the last would be lost."""


def loads(text: str | bytes) -> Any:
    """The value. :raises Twice: a name stands twice in an object; ValueError, RecursionError: it is no JSON"""
    return json.loads(text, parse_constant=_no_number, object_pairs_hook=_object)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise Twice(f"the name {twice!r} stands twice in one object")
    return members
