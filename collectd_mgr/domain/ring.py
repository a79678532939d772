# SPDX-License-Identifier: Apache-2.0
"""The ring of recent values that a host keeps on its own disk.

The settings of the section ``ring``, by name; times in seconds::

    {"identifier": "*/cpu-*/*", "interval": 10.0, "age": 3600.0, "bytes": 1048576}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectd_mgr.domain.sections import Settings
from collectd_mgr.domain.spool import LEAST

#: Of a choice that does not say.
AGE = 3600.0
BYTES = 1 << 20


@dataclass(frozen=True)
class RingQuery:
    """Values not older than ``since`` (seconds since 1970), of ``plugin`` and ``type``; a page after ``marker``."""

    since: float
    plugin: str | None = None
    type: str | None = None
    limit: int = 1000
    marker: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RingQuery:
        return cls(**data)


def share(setting: Mapping[str, Any]) -> int:
    """The bytes that a choice may take."""
    return max(int(setting.get("bytes") or BYTES), LEAST)


def size(settings: Settings) -> int:
    """The bytes that all choices together may take."""
    return sum(map(share, settings.values()))


def age(setting: Mapping[str, Any]) -> float:
    """How long the values of a choice are kept, in seconds."""
    return float(setting.get("age") or AGE)


def within(settings: Settings, most: int) -> Settings:
    """The same choices in so many bytes together: each with less, the last ones not at all where that is too little."""
    fit = sorted(settings)[: most // LEAST]
    spare = sum(share(settings[name]) - LEAST for name in fit)
    part = min(1.0, (most - LEAST * len(fit)) / spare) if spare else 1.0
    return {name: {**settings[name], "bytes": int(LEAST + (share(settings[name]) - LEAST) * part)} for name in fit}
