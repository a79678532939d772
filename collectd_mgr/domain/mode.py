# SPDX-License-Identifier: Apache-2.0
"""What an agent may do: the mode of a host, and the switch for live changes alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectd_mgr.domain.skew import understood

OFF = "off"
#: Reads and reports, changes nothing: the default of an adopted host.
OBSERVE = "observe"
MANAGE = "manage"

MODES = (OFF, OBSERVE, MANAGE)


@dataclass(frozen=True)
class Mode:
    """The mode in force, why, and who set it: ``default``, ``server`` or ``file`` (local, which wins).

    ``live`` is the switch for the live driver alone. ``mode`` is empty where the server set nothing but that switch:
    then the mode is what the host has by itself.
    """

    mode: str = "observe"
    live: bool = True
    reason: str = ""
    set_by: str = "default"

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Mode:
        """:raises ValueError: it is none"""
        found = cls(**understood(cls, data))
        if any(type(value) is not type(vars(cls())[name]) for name, value in vars(found).items()):
            raise ValueError("a mode is of texts, and live is true or false")
        return found
