# SPDX-License-Identifier: Apache-2.0
"""Files that are whole at any moment, for their owner alone, and on the disk when that is asked for."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

LOG = logging.getLogger(__name__)

T = TypeVar("T")

#: What a file that somebody damaged is read with, be it no text, no JSON, or other JSON than was written.
_NONSENSE = (OSError, ValueError, TypeError, LookupError, AttributeError)


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


def read(path: Path, understood: Callable[[Any], T], otherwise: T) -> T:
    """What was written as JSON, ``understood``; ``otherwise`` where it is not there, or damaged, which is logged."""
    try:
        return understood(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return otherwise
    except _NONSENSE as error:
        LOG.error("%s cannot be read, and is begun anew: %s", path, error)
        return otherwise


def sync(path: Path) -> None:
    """What is in a file; of a directory, which names there are in it."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
