# SPDX-License-Identifier: Apache-2.0
"""Reports of a newer release: servers and agents are not upgraded together.

What a report says besides is not understood here, and left out. Orders and questions are not read so: what an agent
does not understand of one it must not leave out.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import fields
from typing import Any


def understood(kind: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """What of ``data`` the dataclass ``kind`` has fields for."""
    return {name: data[name] for name in _names(kind) if name in data}


@functools.cache
def _names(kind: Any) -> tuple[str, ...]:
    """Asked for with every plugin of every status."""
    return tuple(field.name for field in fields(kind))
