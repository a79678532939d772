# SPDX-License-Identifier: Apache-2.0
"""One agent to a host: two that share a directory would undo each other's work."""

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
    Path(directory).mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(Path(directory) / "agent.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise TwoAgents(f"Another agent works in {directory}.") from None
    return descriptor
