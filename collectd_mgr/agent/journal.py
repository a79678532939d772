# SPDX-License-Identifier: Apache-2.0
"""What the agent is about to do, on the disk before it does it.

One line of JSON per step. A transaction is an intent, ``acting``, and an end; one without an
end was cut off, and whoever reads it knows which daemon it was done to, and by what.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collectd_mgr.agent import faults
from collectd_mgr.domain.skew import understood
from collectd_mgr.domain.spec import HostSpec

#: Beyond this many bytes the next transaction begins a new file.
_LIMIT = 1 << 20


@dataclass(frozen=True)
class Intent:
    """``driver`` is to bring the daemon (``pid``, ``since_boot``) to ``spec``; ``boot_id`` is the kernel's.

    ``takes_up`` is false where it only brings back, or keeps, what was taken up before; ``probation`` is how long the
    daemon has to outlive it, in seconds, and ``expects`` what it is to give then (see :class:`.Probation`).
    """

    spec: HostSpec
    driver: str
    changes: tuple[str, ...]
    pid: int | None
    started: float | None
    boot_id: str
    takes_up: bool = True
    request_id: str = ""
    probation: float = 0.0
    since_boot: float | None = None
    expects: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "spec": self.spec.to_dict(), "changes": list(self.changes)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Intent:
        """What :meth:`to_dict` gave, in this release or a newer one."""
        known = understood(cls, data)
        return cls(**{**known, "spec": HostSpec.from_dict(data["spec"]), "changes": tuple(data["changes"])})


class Journal:
    """``journal`` in the agent's own directory, mode 0600."""

    def __init__(self, directory: str, fault: faults.Fault = faults.none) -> None:
        self._path = Path(directory) / "journal"
        self._fault = fault
        self._open = False

    def begin(self, intent: Intent) -> None:
        """On the disk when this returns: the driver may act."""
        with suppress(FileNotFoundError):
            if self._path.stat().st_size > _LIMIT:
                self._path.replace(self._path.with_suffix(".1"))
        self._append({"step": faults.INTENT, "intent": intent.to_dict()})
        self._open = True
        self._fault(faults.INTENT)
        # A machine that fails now has no daemon left to care for, so this line need not be on the disk.
        self._append({"step": faults.ACTING}, sync=False)
        self._fault(faults.ACTING)

    def end(self, outcome: str) -> None:
        """Close what was begun, if anything was. The outcome is remembered elsewhere already. Safe to repeat."""
        if not self._open:
            return
        self._append({"step": faults.DONE, "outcome": outcome}, sync=False)
        self._open = False
        self._fault(faults.DONE)

    def unfinished(self) -> Intent | None:
        """The transaction that was cut off, if there is one."""
        intent = None
        for record in self._records():
            if record["step"] == faults.INTENT:
                intent = Intent.from_dict(record["intent"])
            elif record["step"] == faults.DONE:
                intent = None
        self._open = intent is not None
        return intent

    def _records(self) -> Iterator[dict[str, Any]]:
        """Whole lines only: one may be torn (a full disk, a machine that failed), wherever a torn one ends."""
        if not self._path.exists():
            return
        for line in self._path.read_bytes().split(b"\n")[:-1]:
            with suppress(ValueError):
                if line.startswith(b"{"):
                    yield json.loads(line)

    def _append(self, record: dict[str, Any], sync: bool = True) -> None:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            line = b"\n" * _torn(descriptor) + json.dumps(record).encode() + b"\n"
            if os.write(descriptor, line) < len(line):
                # A disk that is nearly full takes a part of it, and says nothing.
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
            if sync:
                os.fdatasync(descriptor)
        finally:
            os.close(descriptor)


def _torn(descriptor: int) -> bool:
    """Whether the last line has no end, so that the next must not be added to it."""
    size = os.fstat(descriptor).st_size
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
