# SPDX-License-Identifier: Apache-2.0
"""Files that are whole at any moment, for their owner alone, and on the disk when that is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def write(path: Path, text: str, durably: bool = True, give: Callable[[int], None] | None = None) -> None:
    """Write a file of mode 0600 and, unless ``durably`` is false, have what is in it on the disk before returning.

    :param give: called with the descriptor, before anything is in the file: whose it is to be
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        if give is not None:
            give(descriptor)
        file.write(text)
        file.flush()
        if durably:
            os.fsync(descriptor)


def replace(path: Path, text: str, durably: bool = True) -> None:
    """Write a file so that it is the old one or the new one at any moment; ``durably``: on the disk on return."""
    staged = path.with_name(f".{path.name}.new")
    write(staged, text, durably)
    os.replace(staged, path)
    if durably:
        sync(path.parent)


def sync(path: Path) -> None:
    """What is in a file; of a directory, which names there are in it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
