# SPDX-License-Identifier: Apache-2.0
"""Which metrics must raise no alarm that they are missing, because they were switched off."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

#: Tells of an identifier whether that metric is not collected any more.
Gone = Callable[[str], bool]


class Hushes:
    """By the reason. A metric that is collected again is hushed until its first value: it may be late already.

    :param names: gives the metrics in collectd's cache, and the time of each one's newest value
    """

    def __init__(self, names: Callable[[], Mapping[str, float]]) -> None:
        self._names = names
        self._gone: dict[str, Gone] = {}
        #: Metrics that are to come back, and since when.
        self._returning: dict[str, float] = {}

    def put(self, why: str, gone: Gone | None, now: float) -> bool:
        """From now on these are gone for this reason, instead of those that were; whether some come back."""
        before = self._gone.pop(why, None)
        if gone is not None:
            self._gone[why] = gone
        if before is not None:
            back = (name for name in self._names() if before(name) and not self._is_gone(name))
            self._returning.update(dict.fromkeys(back, now))
        return bool(self._returning)

    def settle(self) -> bool:
        """Forget what came back, or is gone for good; whether some is still awaited."""
        names = self._names() if self._returning else {}
        self._returning = {
            name: since for name, since in self._returning.items() if names.get(name, since + 1) <= since
        }
        return bool(self._returning)

    def metrics(self) -> set[str]:
        """The metrics in the cache that are hushed. The cache is not asked for nothing."""
        if not self._gone and not self._returning:
            return set()
        return {name for name, time in self._names().items() if self._hushed(name, time)}

    def _hushed(self, name: str, time: float) -> bool:
        return time <= self._returning.get(name, -1.0) or self._is_gone(name)

    def _is_gone(self, name: str) -> bool:
        return any(gone(name) for gone in self._gone.values())

    @contextlib.contextmanager
    def undone_if_it_fails(self) -> Iterator[None]:
        before = dict(self._gone), dict(self._returning)
        try:
            yield
        except BaseException:
            self._gone, self._returning = before
            raise
