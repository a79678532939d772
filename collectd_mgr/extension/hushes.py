# SPDX-License-Identifier: Apache-2.0
"""Which metrics must raise no alarm that they are missing, because they were switched off."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

#: Tells of an identifier whether that metric is not collected any more.
Gone = Callable[[str], bool]


class Hushes:
    """By the reason. A metric that is collected again is hushed until its first value: it may be late already."""

    def __init__(self) -> None:
        self._gone: dict[str, Gone] = {}
        #: Those that are to come back, and since when.
        self._returning: list[tuple[Gone, float]] = []

    def add(self, why: str, gone: Gone) -> None:
        self._gone[why] = gone

    def end(self, why: str, now: float) -> bool:
        """The metrics come back; whether there are such."""
        gone = self._gone.pop(why, None)
        if gone is not None:
            self._returning.append((gone, now))
        return gone is not None

    def settle(self, names: Mapping[str, float]) -> bool:
        """Forget what came back, or is gone for good; whether some is still awaited."""
        self._returning = [
            (gone, since)
            for gone, since in self._returning
            if any(time <= since and gone(name) for name, time in names.items())
        ]
        return bool(self._returning)

    def among(self, names: Callable[[], Mapping[str, float]]) -> set[str]:
        """The metrics in the cache that are hushed. ``names`` is not asked for nothing."""
        if not self._gone and not self._returning:
            return set()
        return {name for name, time in names().items() if self._hushed(name, time)}

    def _hushed(self, name: str, time: float) -> bool:
        if any(gone(name) for gone in self._gone.values()):
            return True
        return any(time <= since and gone(name) for gone, since in self._returning)

    @contextlib.contextmanager
    def undone_if_it_fails(self) -> Iterator[None]:
        before = dict(self._gone), list(self._returning)
        try:
            yield
        except BaseException:
            self._gone, self._returning = before
            raise
