# SPDX-License-Identifier: Apache-2.0
"""What a newer release says besides: servers and agents are not upgraded together.

What a report says besides is not understood here, and left out. Of an order an agent must not leave out anything: it
refuses what it does not know all of.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import fields
from typing import Any


def understood(kind: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """What of ``data`` the dataclass ``kind`` has fields for."""
    return {name: data[name] for name in _names(kind) if name in data}


def beyond(kind: Any, data: Mapping[str, Any]) -> list[str]:
    """What ``data`` says that the dataclass ``kind`` has no fields for; null says nothing."""
    return [str(name) for name, value in data.items() if value is not None and name not in _names(kind)]


@functools.cache
def _names(kind: Any) -> tuple[str, ...]:
    """Asked for with every plugin of every status. What is not compared was not said, but found out."""
    return tuple(field.name for field in fields(kind) if field.compare)
