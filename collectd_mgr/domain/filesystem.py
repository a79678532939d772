# SPDX-License-Identifier: Apache-2.0
"""The real files, for whoever reads a real collectd.conf (see :mod:`collectd_mgr.domain.include`)."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

#: Seconds by which a file must be older than a process that is to have read it.
SURE = 1.0


def youngest(paths: Iterable[str | Path]) -> float:
    """When the last of them was changed, in seconds since 1970; infinite where one is not there."""
    with suppress(FileNotFoundError):
        return max((os.stat(path).st_ctime for path in paths), default=float("inf"))
    return float("inf")


def changed(config_file: str, files: Iterable[str], managed_dir: str) -> float:
    """The same of the operator's ``files``, those that ``config_file`` includes.

    So it is of the directories of the included ones: one may have been taken away there.
    """
    managed = Path(managed_dir).resolve()
    own = {path for path in map(Path, files) if not path.resolve().is_relative_to(managed)}
    places = {path.parent for path in own if path != Path(config_file)}
    return youngest(own | places)


class FileSystem:
    """Reads the file system as the process that uses it may; keeps nothing."""

    def matches(self, pattern: str) -> list[str]:
        return glob.glob(pattern)

    def is_file(self, path: str) -> bool:
        return os.path.isfile(path)

    def is_directory(self, path: str) -> bool:
        return os.path.isdir(path)

    def names(self, directory: str) -> list[str]:
        return os.listdir(directory)

    def read(self, path: str) -> str:
        """Line ends as they are; a byte that is no UTF-8 (they only occur in strings and comments) as U+FFFD."""
        with open(path, encoding="utf-8", errors="replace", newline="") as file:
            return file.read()
