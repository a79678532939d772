# SPDX-License-Identifier: Apache-2.0
"""One agent to a host: two that share a directory, or a collectd, would undo each other's work."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class TwoAgents(Exception):
    """The message is a sentence for whoever started the second one."""


def alone(directory: str) -> int:
    """Hold ``directory`` until the process ends, however it ends; the descriptor that holds it.

    :raises TwoAgents: somebody else holds it
    """
    return _held(Path(directory) / "agent.lock", f"Another agent works in {directory}.")


def alone_at(socket: str) -> int:
    """As :func:`alone`, for the collectd behind ``socket``: agents with directories of their own may share that."""
    return _held(Path(f"{socket}.agent"), f"Another agent manages the collectd behind {socket}.")


def _held(path: Path, otherwise: str) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise TwoAgents(otherwise) from None
    return descriptor
