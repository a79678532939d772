# SPDX-License-Identifier: Apache-2.0
"""Verdicts that were given once, on disk. Only what was accepted: a rejection may have had another cause."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from collectd_mgr import disk
from collectd_mgr.domain import canonical

#: More verdicts than this are not kept; the oldest go first.
_LIMIT = 1000

Warnings = tuple[str, ...]


class Verdict(NamedTuple):
    """What is warned of. What is ``passing`` was so when it was judged, and is told then."""

    lasting: Warnings = ()
    passing: Warnings = ()


class Verdicts:
    """Files in ``directory``, one for each verdict, named by what was judged."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get(self, key: tuple[object, ...], judge: Callable[[], Verdict]) -> Warnings:
        """The verdict under ``key``, by ``judge`` when there is none; what that raises is not remembered."""
        # Under the digest of the key alone an earlier release keeps what was passing, too.
        path = self._directory / f"{canonical.digest(['lasting', *key])}.json"
        with suppress(FileNotFoundError, ValueError):
            return tuple(json.loads(path.read_text(encoding="utf-8"))["warnings"])
        verdict = judge()
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        disk.replace(path, canonical.dumps({"of": list(key), "warnings": list(verdict.lasting)}))
        self._prune()
        return (*verdict.lasting, *verdict.passing)

    def _prune(self) -> None:
        kept = sorted(self._directory.glob("*.json"), key=os.path.getmtime, reverse=True)
        for path in kept[_LIMIT:]:
            path.unlink(missing_ok=True)


def build(*files: Path) -> tuple[str, ...]:
    """Which build of these files is installed: another one has another inode, size or time."""
    return tuple(_stamp(path) for path in files)


def _stamp(path: Path) -> str:
    try:
        facts = path.stat()
    except FileNotFoundError:
        return f"{path} none"
    return f"{path} {facts.st_ino} {facts.st_size} {facts.st_mtime_ns}"
