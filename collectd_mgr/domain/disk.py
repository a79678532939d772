# SPDX-License-Identifier: Apache-2.0
"""The real files, for whoever reads a real collectd.conf (see :mod:`collectd_mgr.domain.include`)."""

from __future__ import annotations

import glob
import os


class Disk:
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
