# SPDX-License-Identifier: Apache-2.0
"""The first message of either side, and the version that both then speak."""

from __future__ import annotations

from typing import Any

from collectd_mgr import exception

#: The lowest and the highest version of the protocol that this code speaks.
WIRE = (1, 1)


def hello(wire: tuple[int, int] = WIRE, **facts: Any) -> dict[str, Any]:
    """What a side says first: its versions, and facts about itself (``extension``, ``pid``, ``collectd``,
    ``imported_from``)."""
    return {"wire": list(wire), **facts}


def negotiate(theirs: Any, ours: tuple[int, int] = WIRE) -> int:
    """The highest version that both sides speak.

    :raises WireMismatch: when there is none, or the peer's hello is not one
    """
    lowest, highest = _versions(theirs)
    common = min(highest, ours[1])
    if common < max(lowest, ours[0]):
        raise exception.WireMismatch(
            f"This side speaks wire versions {ours[0]} to {ours[1]}, the other {lowest} to {highest}.",
            ours=list(ours),
            theirs=[lowest, highest],
        )
    return common


def _versions(theirs: Any) -> tuple[int, int]:
    wire = theirs.get("wire") if isinstance(theirs, dict) else None
    if not (isinstance(wire, list) and len(wire) == 2 and all(type(version) is int for version in wire)):
        raise exception.WireMismatch("The other side did not say which wire versions it speaks.")
    return wire[0], wire[1]
