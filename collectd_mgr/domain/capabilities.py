# SPDX-License-Identifier: Apache-2.0
"""What a driver can do on this host, and why it cannot do the rest.

A capability is one of the changes of :mod:`collectd_mgr.domain.plan` or one of the reads below.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from collectd_mgr.domain.skew import understood

METRICS = "metrics"
VALUES = "values"
FLUSH = "flush"
NOTIFICATIONS = "notifications"

READS = (METRICS, VALUES, FLUSH, NOTIFICATIONS)


@dataclass(frozen=True)
class Offer:
    """What one driver declares. ``missing`` maps a capability it would have to the reason it is off."""

    driver: str
    capabilities: frozenset[str] = frozenset()
    missing: Mapping[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {
            "driver": self.driver,
            "capabilities": sorted(self.capabilities),
            "missing": dict(sorted(self.missing.items())),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Offer:
        return cls(str(data["driver"]), frozenset(data["capabilities"]), dict(data["missing"]))


def unheard_of(said: Mapping[str, Any], changes: Iterable[str]) -> list[str]:
    """Which of the changes an agent does not name at all, as one that it can make or cannot.

    It is of a release from before them, and would leave out what asks for them.

    :param said: all that it says it can do; where it says nothing yet, nobody knows
    """
    offers = [row for row in said.get("drivers") or () if isinstance(row, Mapping)]
    known = {str(each) for row in offers for key in ("capabilities", "missing") for each in row.get(key) or ()}
    return [change for change in changes if offers and change not in known]


@dataclass(frozen=True)
class Installed:
    """A plugin of this host's collectd package.

    ``loadable`` with the dynamic loader's ``why_not``; ``live_safe`` and ``reason`` from the shipped table.
    """

    plugin: str
    loadable: bool
    why_not: str | None = None
    kind: str = "unknown"
    live_safe: bool = False
    exclusive: bool = False
    reason: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Installed:
        return cls(**understood(cls, data))
