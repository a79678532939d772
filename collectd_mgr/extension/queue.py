# SPDX-License-Identifier: Apache-2.0
"""The limits of the write queue in the running daemon."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import sections
from collectd_mgr.domain.queue import LIMITS, OPTIONS
from collectd_mgr.extension.gate import Gate
from collectd_mgr.extension.inits import Inits

Settings = Mapping[str, Mapping[str, Any]]

#: The values of collectd's global options, by name; None for one that is not set.
_Values = dict[str, "bytes | None"]


class Queue:
    """collectd keeps the limits as global options, and looks at them where it initialises plugins.

    The caller holds the operation lock.

    :param told: the settings that the daemon was started with
    """

    def __init__(self, library: ctypes.CDLL, gate: Gate, inits: Inits, told: Settings) -> None:
        self._library = library
        self._gate = gate
        self._inits = inits
        now = self._now()
        #: What the operator's own files say; where ours came after it, nobody here knows.
        self._own: _Values | None = None if told else now
        # The operator's files may have had the last word over those that the daemon was started with.
        self.settings: dict[str, Any] = dict(told) if told and _same(now, _values(told[LIMITS])) else {}

    def facts(self) -> dict[str, Any]:
        """For the status."""
        return {"digest": sections.digest(self.settings)}

    def set(self, settings: Settings) -> None:
        """Have these limits, or with no setting those of the operator. Safe to repeat.

        :raises LiveRefused: nobody here knows what the operator's limits are
        """
        if dict(settings) == self.settings:
            return
        limits = settings.get(LIMITS)
        values = self._own if limits is None else _values(limits)
        if values is None:
            raise exception.LiveRefused(
                "collectd was started with other limits of its write queue, and forgot the operator's.",
                reason_code="queue",
            )
        self._gate.check()
        # plugin_init_all would call every init callback that is left.
        self._inits.clear()
        self._gate.alive()
        for option, value in values.items():
            self._library.global_option_set(option.encode(), value, False)
        self._library.plugin_init_all()
        self.settings = dict(settings)

    def _now(self) -> _Values:
        return {option: self._library.global_option_get(option.encode()) for option in OPTIONS.values()}


def _same(these: _Values, those: _Values) -> bool:
    """Whether they are the same numbers; collectd writes those of its configuration with a fraction."""
    return {option: value and float(value) for option, value in these.items()} == {
        option: value and float(value) for option, value in those.items()
    }


def _values(limits: Mapping[str, Any]) -> _Values:
    return {option: str(int(limits[key])).encode() for key, option in OPTIONS.items()}
