# SPDX-License-Identifier: Apache-2.0
"""The options of ``<Module collectd_mgr>`` in collectd's configuration."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


class BadOption(Exception):
    """An option that the extension does not have, or without its one string."""


@dataclass(frozen=True)
class Settings:
    """``Socket``: where to listen.

    The operator's file has that; the managed file, a block of the same name, has the rest. ``Disabled``, once for each:
    a plugin of the operator's that must not be read. ``Marker``: what the agent wants remembered of this state.
    ``Metrics``: "true" to dispatch the extension's own metrics.
    ``Succeeds``: of a collectd that is to take another one's place, as JSON: the pid of that one (``predecessor``), its
    socket (``seat``), the operator's chain behind the cache (``chain``), and by the name of a read its interval and a
    time at which it is due in that one (``phases``).
    ``Thresholds``, ``Ignorelist`` and ``Queue``: those of ours that the file has for collectd, by name, as JSON.
    ``Program``: which collectd the file is for; that is for the agent to read, who starts it.
    """

    socket: str = "/run/collectd-mgr/collectd.sock"
    disabled: tuple[str, ...] = ()
    marker: str | None = None
    metrics: bool = False
    thresholds: dict[str, Any] = dataclasses.field(default_factory=dict)
    ignorelist: dict[str, Any] = dataclasses.field(default_factory=dict)
    queue: dict[str, Any] = dataclasses.field(default_factory=dict)
    succeeds: dict[str, Any] = dataclasses.field(default_factory=dict)

    def with_options(self, options: Iterable[object]) -> Settings:
        """These settings, and those of one more block: collectd's Config nodes (``key``, ``values``).

        :raises BadOption: with a sentence for collectd's log; none of the block's options holds then
        """
        settings = self
        for option in options:
            key, values = str(getattr(option, "key", "")), list(getattr(option, "values", ()))
            if len(values) != 1 or not isinstance(values[0], str):
                raise BadOption(f"{key}: not with one string")
            settings = settings._with(key, values[0])
        return settings

    def _with(self, key: str, value: str) -> Settings:
        if key.lower() == "socket":
            return dataclasses.replace(self, socket=value)
        if key.lower() == "metrics":
            return dataclasses.replace(self, metrics=_flag(key, value))
        if key.lower() == "marker":
            return dataclasses.replace(self, marker=value)
        if key.lower() == "thresholds":
            return dataclasses.replace(self, thresholds=_json(key, value))
        if key.lower() == "ignorelist":
            return dataclasses.replace(self, ignorelist=_json(key, value))
        if key.lower() == "queue":
            return dataclasses.replace(self, queue=_json(key, value))
        if key.lower() == "program":
            return self
        if key.lower() == "succeeds":
            return dataclasses.replace(self, succeeds=_json(key, value))
        if key.lower() == "disabled":
            return dataclasses.replace(self, disabled=(*self.disabled, value))
        raise BadOption(f"{key}: not an option of collectd_mgr")


def _flag(key: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise BadOption(f"{key}: neither true nor false")
    return value.lower() == "true"


def _json(key: str, value: str) -> dict[str, Any]:
    try:
        found = json.loads(value)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise BadOption(f"{key}: no object in JSON")
    return found
