# SPDX-License-Identifier: Apache-2.0
"""Which metrics must raise no alarm that they are missing, because they were switched off."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping

#: Tells of identifiers which of these metrics are not collected any more.
Gone = Callable[[Iterable[str]], "set[str]"]

#: Gives the metrics in collectd's cache, and the time of each one's newest value.
Look = Callable[[], Mapping[str, float]]


class Hushes:
    """By the reason. A metric that is collected again is hushed until its first value: it may be late already."""

    def __init__(self) -> None:
        self._gone: dict[str, Gone] = {}
        #: Metrics that are to come back, and since when.
        self._returning: dict[str, float] = {}

    def put(self, why: str, gone: Gone | None, look: Look, now: float) -> bool:
        """From now on these are gone for this reason, instead of those that were; whether some come back."""
        before = self._gone.pop(why, None)
        if gone is not None:
            self._gone[why] = gone
        if before is not None:
            back = before(look())
            self._returning.update(dict.fromkeys(back - self._all_gone(back), now))
        return bool(self._returning)

    def settle(self, look: Look) -> bool:
        """Forget what came back, or is gone for good; whether some is still awaited."""
        self._returning = self._awaited(look) if self._returning else {}
        return bool(self._returning)

    def metrics(self, look: Look) -> set[str]:
        """The metrics in the cache that are hushed. It is not looked into for nothing."""
        if not self._gone and not self._returning:
            return set()
        return self._all_gone(look()).union(self._awaited(look))

    def _awaited(self, look: Look) -> dict[str, float]:
        seen = look()
        return {name: since for name, since in self._returning.items() if seen.get(name, since + 1) <= since}

    def _all_gone(self, names: Iterable[str]) -> set[str]:
        return set[str]().union(*(gone(names) for gone in self._gone.values()))

    @contextlib.contextmanager
    def undone_if_it_fails(self) -> Iterator[None]:
        before = dict(self._gone), dict(self._returning)
        try:
            yield
        except BaseException:
            self._gone, self._returning = before
            raise
