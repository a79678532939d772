# SPDX-License-Identifier: Apache-2.0
"""What the agent knows across its restarts, with the bus down too: one JSON file, whole at any moment."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from collectd_mgr import disk
from collectd_mgr.agent.omissions import Omissions
from collectd_mgr.agent.probation import Probation
from collectd_mgr.domain.leases import Held, Leases
from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.skew import understood
from collectd_mgr.domain.spec import HostSpec

LOG = logging.getLogger(__name__)

#: Epochs beyond this many are forgotten, the oldest first.
_EPOCHS = 100


@dataclass(frozen=True)
class Quarantine:
    """Why the live driver is not used any more; ends when the spec's ``quarantine_clears`` exceeds ``clears``."""

    reason: str
    since: float
    clears: int


@dataclass(frozen=True)
class Memory:
    """``taken`` is the last spec that was taken up, with its outcome; ``current`` the one that the daemon is to
    run; ``good`` the last one that a daemon outlived. They differ after a failure, and for the time of a probation.

    ``driver`` did what ``taken`` asks for, or failed to (``None`` when nothing had to be done, or none was found that
    could); ``mode`` is the server's word; ``past_epochs`` came before the present one; ``leases`` are those that were
    taken up, ended ones too; ``gap``: seconds in which nothing was read when collectd was restarted last;
    ``reached``: the digest of what the daemon was last brought to (:meth:`.State.in_force`); empty: to something in
    between, when a change failed; ``seen``: pid, start (seconds since boot) and boot of the daemon that was seen last;
    ``omitted``: see :mod:`.omissions`.
    """

    taken: HostSpec | None = None
    outcome: str | None = None
    error: dict[str, Any] | None = None
    warnings: tuple[str, ...] = ()
    driver: str | None = None
    restarted: bool = False
    replaced: bool = False
    current: HostSpec | None = None
    good: HostSpec | None = None
    mode: Mode | None = None
    past_epochs: tuple[str, ...] = ()
    quarantine: Quarantine | None = None
    probation: Probation | None = None
    leases: Leases = field(default_factory=dict)
    gap: float | None = None
    reached: str | None = None
    seen: tuple[int, float | None, str] | None = None
    omitted: Omissions = field(default_factory=dict)

    def with_epoch_of(self, spec: HostSpec) -> Memory:
        """The same, and the epoch there was is a past one if ``spec`` begins another."""
        if self.taken is None or self.taken.generation.epoch == spec.generation.epoch:
            return self
        return replace(self, past_epochs=(*self.past_epochs, self.taken.generation.epoch)[-_EPOCHS:])

    def to_dict(self) -> dict[str, Any]:
        data = dict(vars(self))
        for key in ("taken", "current", "good", "mode"):
            data[key] = data[key] and data[key].to_dict()
        for key in ("quarantine", "probation"):
            data[key] = data[key] and vars(data[key])
        data["leases"] = {name: vars(held) for name, held in self.leases.items()}
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Memory:
        """What :meth:`to_dict` gave; a newer release, before somebody went back to this one, may have said more."""
        values = understood(cls, data)
        for key in ("taken", "current", "good"):
            values[key] = values[key] and HostSpec.from_dict(values[key])
        values["mode"] = values["mode"] and Mode.from_dict(values["mode"])
        values["quarantine"] = values["quarantine"] and Quarantine(**understood(Quarantine, values["quarantine"]))
        values["probation"] = values["probation"] and Probation.from_dict(values["probation"])
        values["seen"] = tuple(values["seen"]) if values.get("seen") else None
        values["leases"] = {name: Held(**understood(Held, held)) for name, held in data.get("leases", {}).items()}
        return cls(**{**values, "warnings": tuple(values["warnings"]), "past_epochs": tuple(values["past_epochs"])})


class MemoryFile:
    """``memory.json`` in the agent's own directory, mode 0600: secrets of the specs are in it in clear.

    A version outlives the agent at once, as a line of ``memory.lines`` beside it, and the machine when it is in the
    file itself. The one with the highest number is the last, wherever it is.
    """

    def __init__(self, directory: str) -> None:
        self._path = Path(directory) / "memory.json"
        self._lines = self._path.with_suffix(".lines")
        self._number = 0
        #: What is not in the file yet.
        self._unsaved: str | None = None

    def load(self) -> Memory:
        """What was saved last; an empty memory when there is none or nobody can read it (then the log says so)."""
        memory = self._load() or Memory()
        for line in self._written():
            with suppress(*_NONSENSE):
                number, later = _parsed(line)
                if number > self._number:
                    self._number, memory, self._unsaved = number, later, line
        return memory

    def _load(self) -> Memory | None:
        try:
            self._number, memory = _parsed(self._path.read_text(encoding="utf-8"))
            return memory
        except FileNotFoundError:
            return None
        except _NONSENSE as error:
            LOG.error("%s cannot be read and is set aside: %s", self._path, error)
            self._path.rename(self._path.with_suffix(".unreadable"))
            return None

    def _written(self) -> list[str]:
        """One may be torn (a full disk, a machine that failed)."""
        with suppress(FileNotFoundError):
            return self._lines.read_text(encoding="utf-8", errors="replace").splitlines()
        return []

    def save(self, memory: Memory) -> None:
        """On the disk when this returns."""
        self.write(memory)
        self.sync()

    def write(self, memory: Memory) -> None:
        """Not on the disk before the next :meth:`sync`, which makes up for this where it failed.

        :raises OSError: it would not outlive the agent yet
        """
        self._number += 1
        self._unsaved = text = json.dumps({"number": self._number, **memory.to_dict()}, separators=(",", ":"))
        with open(os.open(self._lines, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "w") as file:
            file.write(f"\n{text}")  # The line before may have no end.

    def sync(self) -> bool:
        """Have what was written on the disk; whether there was anything to do. Safe to repeat."""
        if self._unsaved is None:
            return False
        disk.replace(self._path, self._unsaved)
        with suppress(FileNotFoundError):
            os.truncate(self._lines, 0)
        self._unsaved = None
        return True


_NONSENSE = (ValueError, KeyError, TypeError, AttributeError)


def _parsed(text: str) -> tuple[int, Memory]:
    """A version and its number; those of before there were numbers have none."""
    data = json.loads(text)
    number = int(data.pop("number", 0))
    return number, Memory.from_dict(data)
