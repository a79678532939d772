# SPDX-License-Identifier: Apache-2.0
"""What any look at collectd's cache offers, however it was had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from collectd_mgr.domain.columns import Packed

#: The state of a metric that cannot be told.
NO_STATE = 255


class View(Protocol):
    """The cache as it is for one answer: ``names`` sorted by their bytes; the rest is asked for by places in it."""

    names: list[bytes]

    def states(self, chosen: Sequence[int]) -> bytes:
        """collectd's number for the state of each, or :data:`NO_STATE`."""

    def packed(self, chosen: Sequence[int], values: bool) -> Packed:
        """These metrics, with their values or without; what is gone meanwhile may be left out."""
