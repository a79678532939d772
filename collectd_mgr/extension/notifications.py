# SPDX-License-Identifier: Apache-2.0
"""collectd's notifications, kept in memory until the agent has them."""

from __future__ import annotations

import itertools
import math
import threading
import time
import uuid
from collections import deque
from typing import Any, Callable

from collectd_mgr import exception
from collectd_mgr.domain.notifications import MESSAGE_LIMIT, Batch, Notification, Position

#: How many are kept for an agent that is away; then the oldest go. About 8 MB at the very worst.
LIMIT = 8192

#: collectd's severities.
_SEVERITIES = {1: "failure", 2: "warning", 4: "okay"}

#: The type of one that names none.
_TYPE = "gauge"

_TEXTS = ("message", "host", "plugin", "plugin_instance", "type", "type_instance")


class Notifications:
    """One per daemon process. Its stream ends with the process, unless the next one can :meth:`resume` it.

    :param make: the class ``Notification`` of the module ``collectd``
    :param limit: how many are kept
    """

    def __init__(self, make: Callable[..., Any], limit: int = LIMIT) -> None:
        self._make = make
        self._limit = limit
        self._stream = uuid.uuid4().hex
        self._rows: deque[Notification] = deque()
        self._first = 1
        self._dropped = 0
        self._closed = False
        self._came = threading.Condition()

    def take(self, notification: Any) -> None:
        """What collectd calls, on whatever thread has something to say: never waits for anybody."""
        row = _read(notification)
        with self._came:
            if len(self._rows) >= self._limit:
                self._forget(1)
                self._dropped += 1
            self._rows.append(row)
            self._came.notify_all()

    def read(self, position: Position, limit: int, wait: float = 0.0) -> Batch:
        """Those after ``position``, at most ``limit``; what it says is safe is forgotten. Safe to repeat.

        :param wait: how long to wait for the first one, in seconds
        """
        with self._came:
            if position.stream == self._stream:
                self._forget(position.after - self._first + 1)
            deadline = time.monotonic() + wait
            while not (self._rows or self._closed) and (left := deadline - time.monotonic()) > 0:
                self._came.wait(left)
            return Batch(self._stream, self._first, tuple(itertools.islice(self._rows, limit)), self._dropped)

    def send(self, notification: Notification) -> None:
        """Dispatch one in collectd, to every plugin that takes notifications: to us too.

        :raises BadRequest: with collectd's own words, for example of a type that no types.db has
        """
        severity = next(number for number, name in _SEVERITIES.items() if name == notification.severity)
        try:
            self._make(severity=severity, **_named(notification)).dispatch()
        except (TypeError, ValueError, RuntimeError) as error:
            raise exception.BadRequest(f"collectd does not take the notification: {error}") from error

    def _forget(self, count: int) -> None:
        for _ in range(min(count, len(self._rows))):
            self._rows.popleft()
            self._first += 1

    def kept(self) -> dict[str, int]:
        """How full it is: ``{"kept", "limit", "dropped"}``."""
        with self._came:
            return {"kept": len(self._rows), "limit": self._limit, "dropped": self._dropped}

    def left(self) -> Batch:
        """All that nobody has said to be safe, for the next process."""
        with self._came:
            return Batch(self._stream, self._first, tuple(self._rows), self._dropped)

    def resume(self, left: Batch) -> None:
        """Go on where the last process ended, with what it left before what this one has taken so far.

        To be called before anybody reads.
        """
        with self._came:
            self._stream, self._first = left.stream, left.first
            self._dropped += left.dropped
            self._rows.extendleft(reversed(left.rows))
            excess = max(0, len(self._rows) - self._limit)
            self._forget(excess)
            self._dropped += excess
            self._came.notify_all()

    def close(self) -> None:
        """Nobody who waits is to hold up the end of the daemon."""
        with self._came:
            self._closed = True
            self._came.notify_all()


def _named(notification: Notification) -> dict[str, str]:
    """What it names. collectd wants a type in any case, one that its types.db has."""
    texts = {name: str(getattr(notification, name)) for name in _TEXTS}
    return {"type": _TYPE, **{name: text for name, text in texts.items() if text}}


def _read(notification: Any) -> Notification:
    severity = _SEVERITIES.get(notification.severity, "failure")
    texts: dict[str, Any] = {name: _text(getattr(notification, name)) for name in _TEXTS}
    return Notification(severity, time=notification.time, meta=_meta(notification), **texts)


def _text(value: Any) -> str:
    """collectd gives what is no UTF-8 as bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _meta(notification: Any) -> dict[str, Any]:
    """Scalars alone, and finite ones: JSON has no others, and a bound that is not set is a NaN here."""
    found = getattr(notification, "meta", None) or {}
    return {_text(name): _scalar(value) for name, value in found.items() if _finite(value)}


def _finite(value: Any) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _scalar(value: Any) -> Any:
    return value if isinstance(value, (bool, int, float)) else _text(value)[:MESSAGE_LIMIT]
