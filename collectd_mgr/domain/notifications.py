# SPDX-License-Identifier: Apache-2.0
"""Notifications in collectd's own words, and how they are handed on without losing or doubling one.

A daemon process numbers its notifications, from 1, in a ``stream`` of its own. Whoever takes them says up to where
they are safe; what was not said to be safe is handed out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from collectd_mgr.domain.metrics import Identifier

OKAY = "okay"
WARNING = "warning"
FAILURE = "failure"

#: The least severe first.
SEVERITIES = (OKAY, WARNING, FAILURE)

#: What collectd keeps of a message, in bytes (NOTIF_MAX_MSG_LEN, with the NUL at its end).
MESSAGE_LIMIT = 255

_IDENTIFIER = ("host", "plugin", "plugin_instance", "type", "type_instance")


@dataclass(frozen=True)
class Notification:
    """``time``: seconds since 1970, by the daemon's clock. ``meta``: scalars that the plugin put beside the message.

    ``count`` of them were the same but for their times, ``since`` the time of the first; ``time`` is the last one's.
    """

    severity: str
    message: str
    time: float = 0.0
    host: str = ""
    plugin: str = ""
    plugin_instance: str = ""
    type: str = ""
    type_instance: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)
    count: int = 1
    since: float | None = None

    @property
    def identifier(self) -> str:
        """Of the metric it is about, in collectd's text form; parts that it does not name are empty."""
        return str(Identifier(self.host, self.plugin, self.plugin_instance, self.type, self.type_instance))

    @property
    def began(self) -> float:
        """The time of the first of them."""
        return self.time if self.since is None else self.since

    def metric(self) -> tuple[str, ...]:
        """Equal for notifications of the same metric."""
        return tuple(str(getattr(self, name)) for name in _IDENTIFIER)

    def same(self) -> tuple[str, ...]:
        """Equal for notifications that say the same of the same metric."""
        return (self.severity, self.message, *self.metric())

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "meta": dict(self.meta)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Notification:
        """What :meth:`to_dict` wrote; keys of a newer peer are left out."""
        return cls(**{key: value for key, value in data.items() if key in cls.__dataclass_fields__})


def collapsed(notifications: Iterable[Notification]) -> list[Notification]:
    """Those that say the same of a metric one after the other as one, with their count, in the place of the first.

    What a metric said in between counts: the last word on it stays the last.
    """
    kept: list[Notification] = []
    last: dict[tuple[str, ...], int] = {}
    for item in notifications:
        place = last.get(item.metric())
        if place is not None and kept[place].same() == item.same():
            kept[place] = _joined(kept[place], item)
        else:
            last[item.metric()] = len(kept)
            kept.append(item)
    return kept


def _joined(first: Notification, later: Notification) -> Notification:
    since, last = min(first.began, later.began), max(first.time, later.time)
    return replace(later, count=first.count + later.count, since=since, time=last)


@dataclass(frozen=True)
class Position:
    """How far somebody has taken the notifications of a daemon: safe is everything up to ``after`` of ``stream``."""

    stream: str = ""
    after: int = 0

    def to_dict(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass(frozen=True)
class Batch:
    """Notifications in their order; the first is number ``first`` of ``stream``.

    ``dropped``: how many this daemon process had to drop so far because nobody took them.
    """

    stream: str = ""
    first: int = 1
    rows: tuple[Notification, ...] = ()
    dropped: int = 0

    @property
    def position(self) -> Position:
        """Where one is who has these."""
        return Position(self.stream, self.first + len(self.rows) - 1)

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "rows": [row.to_dict() for row in self.rows]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Batch:
        rows = tuple(Notification.from_dict(row) for row in data["rows"])
        return cls(str(data["stream"]), int(data["first"]), rows, int(data["dropped"]))
