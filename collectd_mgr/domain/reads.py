# SPDX-License-Identifier: Apache-2.0
"""What can be asked of a daemon's cache, and how the answer comes in pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Query:
    """Which metrics: of ``plugin``, matching the regular expression ``match``; a page of ``limit`` after ``marker``."""

    plugin: str | None = None
    type: str | None = None
    match: str | None = None
    limit: int = 1000
    marker: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Query:
        return cls(**data)


@dataclass(frozen=True)
class Page:
    """Rows in order of identifier.

    A row is ``{"id", "interval", "last_update"}`` (seconds), with values also
    ``"values": [{"name", "type", "value", "rate"}]``; ``marker`` is ``None`` on the last page.
    """

    rows: tuple[Mapping[str, Any], ...] = ()
    marker: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"rows": list(self.rows), "marker": self.marker}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Page:
        return cls(tuple(data["rows"]), data["marker"])


@dataclass(frozen=True)
class Flush:
    """Flush ``plugin`` (all for ``None``), one ``identifier`` or all, data older than ``timeout`` seconds."""

    plugin: str | None = None
    identifier: str | None = None
    timeout: float | None = None

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Flush:
        return cls(**data)
