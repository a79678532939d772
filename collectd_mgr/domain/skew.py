# SPDX-License-Identifier: Apache-2.0
"""Reports of a newer release: servers and agents are not upgraded together.

What a report says besides is not understood here, and left out. Orders and questions are not read so: what an agent
does not understand of one it must not leave out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any


def understood(kind: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """What of ``data`` the dataclass ``kind`` has fields for."""
    return {field.name: data[field.name] for field in fields(kind) if field.name in data}
