# SPDX-License-Identifier: Apache-2.0
"""Settings for a while: layers that end by the clock of the host itself, with the bus down too.

The time runs from the moment at which the agent takes the lease up, on a clock that nobody sets and that goes on
while the machine sleeps (CLOCK_BOOTTIME). A reboot ends it. A lease that has ended never begins again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collectd_mgr.domain.spec import HostSpec, Layer

#: What the id of a leased layer begins with.
PREFIX = "lease:"

#: How long a lease may be, in seconds.
SHORTEST, LONGEST = 1.0, 30 * 86400.0

#: Seconds by which clocks of hosts and servers may differ before a lease is taken for one that comes too late.
LENIENCE = 300.0

#: Leases that ended and are in no spec any more; the oldest beyond these are forgotten.
_REMEMBERED = 1000


@dataclass(frozen=True)
class Lease:
    """How long a layer holds.

    :param seconds: from the moment at which the agent takes it up
    :param not_after: seconds since 1970; an agent that hears of it only then does not take it up any more
    """

    seconds: float
    not_after: float

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Lease:
        return cls(_finite(data["seconds"]), _finite(data["not_after"]))


def _finite(value: Any) -> float:
    """A lease that would never end has ended already."""
    number = float(value)
    return number if math.isfinite(number) else 0.0


def granted(seconds: float, now: float) -> Lease:
    """A lease of ``seconds`` from ``now`` (since 1970): one that is delivered when it would be over is not taken up."""
    return Lease(float(seconds), now + seconds + LENIENCE)


@dataclass(frozen=True)
class Moment:
    """Now: the kernel's name for this boot, seconds of CLOCK_BOOTTIME, and seconds since 1970."""

    boot_id: str
    boottime: float
    wall: float


@dataclass(frozen=True)
class Held:
    """A lease as the agent has it.

    ``ends`` is of CLOCK_BOOTTIME in that boot, ``ends_at`` about when that is, in seconds since 1970.
    """

    boot_id: str
    ends: float
    ends_at: float
    ended: bool = False

    def over(self, now: Moment) -> bool:
        return self.ended or now.boot_id != self.boot_id or now.boottime >= self.ends


#: Leases by the id of their layer.
Leases = Mapping[str, Held]


def taken_up(held: Leases, layers: Iterable[Layer], now: Moment) -> Leases:
    """``held``, and the leases of ``layers`` that are new: their time runs from now."""
    new = {layer.id: layer.lease for layer in layers if layer.lease is not None and layer.id not in held}
    present = {layer.id for layer in layers}
    gone = [name for name in held if name not in present]
    forgotten = set(gone[: max(0, len(gone) - _REMEMBERED)])
    kept = {name: item for name, item in held.items() if name not in forgotten}
    return {**kept, **{name: _begun(lease, now) for name, lease in new.items()}}


def _begun(lease: Lease, now: Moment) -> Held:
    return Held(now.boot_id, now.boottime + lease.seconds, now.wall + lease.seconds, now.wall > lease.not_after)


def ended(held: Leases, now: Moment) -> Leases:
    """``held``, with those marked whose time is over, or whose boot is past."""
    return {name: replace(item, ended=item.over(now)) for name, item in held.items()}


def ending(layers: Iterable[Layer], before: Leases, after: Leases) -> tuple[Layer, ...]:
    """Those of ``layers`` whose lease is over now, and was not before."""
    over = {name for name, item in after.items() if item.ended and not (name in before and before[name].ended)}
    return tuple({layer.id: layer for layer in layers if layer.id in over}.values())


def not_begun(layer: Layer) -> str:
    """Of a lease that was over when it was taken up, for who asked for it."""
    return (
        f"What was set for a while ({' '.join(filter(None, layer.subject))}) did not begin: by the clock of this host "
        f"its time was over {LENIENCE / 60:.0f} minutes before it came, or longer. Is that clock right?"
    )


def in_force(spec: HostSpec | None, held: Leases) -> HostSpec | None:
    """``spec`` without the layers whose lease has ended."""
    if spec is None:
        return None
    over = {name for name, item in held.items() if item.ended}
    return replace(spec, layers=tuple(layer for layer in spec.layers if layer.id not in over))


def reported(spec: HostSpec | None, held: Leases) -> dict[str, Any]:
    """``{id: {"state": "active" | "ended", "ends_at": seconds since 1970}}`` of the leases in ``spec``."""
    ids = [layer.id for layer in (spec.layers if spec else ()) if layer.id in held]
    return {
        name: {"state": "ended" if held[name].ended else "active", "ends_at": round(held[name].ends_at, 3)}
        for name in ids
    }
