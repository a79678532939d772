# SPDX-License-Identifier: Apache-2.0
"""Recent values of chosen metrics on the disk, whatever becomes of the bus and of collectd's write targets.

Each choice has a spool of its own, so that each keeps its values for its own age and within its own bytes.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import ring
from collectd_mgr.domain.columns import Row
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.reads import Page
from collectd_mgr.domain.ring import RingQuery
from collectd_mgr.domain.sections import Settings
from collectd_mgr.publisher.losses import Losses
from collectd_mgr.publisher.spool import Spool
from collectd_mgr.publisher.watch import Watch

#: Of a row of values.
_KEPT = ("id", "interval", "last_update", "state", "values")

#: Rows in one entry.
_ENTRY = 100

#: Rows that are looked at for one page; then it ends, however few were wanted.
_LOOKED = 100_000

#: What may be lost.
_LOST = "values of the ring"

#: What of the disk is left to others, in bytes.
_SPARE = 64 * 1024 * 1024


@dataclass(frozen=True, order=True)
class _Place:
    """Of a row: its choice, the number of its entry, and where it is in that."""

    choice: str = ""
    number: int = 0
    index: int = -1

    def __str__(self) -> str:
        return f"{self.number}.{self.index}.{self.choice}"

    @classmethod
    def parse(cls, marker: str) -> _Place:
        """:raises BadRequest:"""
        try:
            number, index, choice = marker.split(".", 2)
            return cls(choice, int(number), int(index))
        except ValueError:
            raise exception.BadRequest(f"There is no row {marker!r} to go on after.", field="marker") from None


class Ring:
    """:meth:`run` from one thread, the reads from any. Without settings nothing is kept, and what was kept goes.

    :param directory: of the spools
    :param settings: the choices in force
    :param clock: seconds since 1970
    :param known: whether these are known; else nothing goes
    """

    def __init__(
        self,
        watch: Watch,
        directory: Path,
        settings: Callable[[], Settings],
        clock: Callable[[], float] = time.time,
        losses: Losses | None = None,
        known: Callable[[], bool] = lambda: True,
    ) -> None:
        self._watch = watch
        self._directory = directory
        self._settings = settings
        self._clock = clock
        self._known = known
        self._lock = threading.Lock()
        self._spools: dict[str, Spool] = {}
        self._losses = losses or Losses()

    @property
    def lost(self) -> int:
        """How many values the disk had no room for."""
        return self._losses[_LOST]

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set, whatever happens to the daemon or to the disk."""
        self._watch.run(stop, self.round, "Values could not be kept.")

    def round(self, now: float) -> None:
        """Keep what is due at ``now``, and forget what is too old."""
        # In this order: what becomes known in between is in the settings.
        known, settings = self._known(), self._settings()
        spools = self._open(settings)
        if known:
            self._forget(spools)
        for name, setting, rows in self._watch.look(now):
            if name in spools:
                oldest = self._clock() - ring.age(setting)
                self._keep(spools[name], [row for row in rows if row["last_update"] >= oldest])
        for name, spool in spools.items():
            spool.resize(ring.share(settings[name]))
            spool.expire(_before(self._clock() - ring.age(settings[name])))

    def _open(self, settings: Settings) -> dict[str, Spool]:
        """The spools of these choices, by name."""
        with self._lock:
            for name in settings.keys() - self._spools.keys():
                self._spools[name] = Spool(self._directory / _folder(name), ring.share(settings[name]))
            return {name: self._spools[name] for name in sorted(settings)}

    def _forget(self, wanted: Mapping[str, Spool]) -> None:
        """Whatever is in the directory that is of no choice in force."""
        with self._lock:
            self._spools = dict(wanted)
            folders = {_folder(name) for name in wanted}
            for path in self._directory.glob("*"):
                if path.name not in folders:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _keep(self, spool: Spool, rows: Sequence[Row]) -> None:
        """An entry at a time: so that a look at very many metrics does not go over the bytes."""
        at = self._clock()
        for begin in range(0, len(rows), _ENTRY):
            kept = [{key: row.get(key) for key in _KEPT} for row in rows[begin : begin + _ENTRY]]
            try:
                self._check_room()
                spool.append([{"kept": at, "rows": kept}])
            except OSError as error:
                self._losses.add(_LOST, len(kept), error)

    def _check_room(self) -> None:
        """:raises OSError: the disk is nearly full, and others need the rest more"""
        # Somebody may have taken it away.
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        free = shutil.disk_usage(self._directory).free
        if free < _SPARE:
            raise OSError(f"only {free} bytes are left on the disk")

    def read(self, query: RingQuery) -> Page:
        """A page of values: choice by choice, of each in the order in which they were kept.

        It may have fewer than ``limit``, or none, and go on all the same.

        :raises BadRequest: for a marker that is none
        """
        rows: list[Row] = []
        last = _Place()
        for looked, (place, row) in enumerate(self._after(query)):
            if len(rows) == query.limit or looked == _LOOKED:
                return Page(tuple(rows), str(last))
            if _wanted(row, query):
                rows.append(row)
            last = place
        return Page(tuple(rows))

    def _after(self, query: RingQuery) -> Iterator[tuple[_Place, Row]]:
        """All rows that are not too old, after the query's marker."""
        settings = self._settings()
        after = _Place.parse(query.marker) if query.marker else _Place()
        for name, spool in self._open(settings).items():
            if name >= after.choice:
                since = max(query.since, self._clock() - ring.age(settings[name]))
                yield from _rows(name, spool, after if name == after.choice else _Place(name), since)

    def facts(self) -> dict[str, Any]:
        """``{"bytes", "limit", "lost"}``, and by ``choices`` the first two of each."""
        settings = self._settings()
        each = {name: spool.facts() for name, spool in self._open(settings).items()}
        choices = {name: {"bytes": facts["bytes"], "limit": facts["limit"]} for name, facts in each.items()}
        used = sum(facts["bytes"] for facts in choices.values())
        return {"bytes": used, "limit": ring.size(settings), "lost": self.lost, "choices": choices}


def _rows(name: str, spool: Spool, after: _Place, since: float) -> Iterator[tuple[_Place, Row]]:
    for entry in spool.entries(after.number, _before(since)):
        for index, row in enumerate(entry.data["rows"]):
            place = _Place(name, entry.number, index)
            if place > after and row["last_update"] >= since:
                yield place, row


def _before(moment: float) -> Callable[[Mapping[str, Any]], bool]:
    """Whether an entry was kept before it, and so all that is in it was."""
    return lambda entry: bool(entry["kept"] < moment)


def _folder(choice: str) -> str:
    """Where its spool is, whatever it is called."""
    return hashlib.sha256(choice.encode()).hexdigest()[:32]


def _wanted(row: Row, query: RingQuery) -> bool:
    read = Identifier.of(row["id"])
    return query.plugin in (None, read.plugin) and query.type in (None, read.type)
