# SPDX-License-Identifier: Apache-2.0
"""What somebody else has done to the collectd of a host, or to its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectd_mgr.domain.difference import PluginChange
from collectd_mgr.domain.skew import understood

#: The running daemon does not do what it is to do.
DAEMON = "daemon"

#: The managed file is not what the next daemon is to start with.
MANAGED_FILE = "managed_file"

#: The operator's own files are others than the daemon was started with: a reload takes them up.
OPERATOR_FILES = "operator_files"

#: The daemon is another process than before, and the agent has not started it.
RESTARTED = "restarted"

#: More than one process runs with the operator's configuration.
INSTANCES = "instances"

KINDS = (DAEMON, MANAGED_FILE, OPERATOR_FILES, RESTARTED, INSTANCES)

#: What ``[agent] on_drift`` says of the first two kinds; the others are never undone, only told.
MEND, LEAVE = "mend", "leave"


@dataclass(frozen=True)
class Drift:
    """One thing that is not as it was left.

    :param detail: a sentence
    :param since: when it was first seen, in seconds since 1970
    :param diff: lines: changes that would end it, or a unified diff of configuration with secrets masked
    :param plugins: of a configuration, which plugins differ, and how
    :param mended: when it was mended, in seconds since 1970; None where it was not
    """

    kind: str
    detail: str
    since: float
    diff: tuple[str, ...] = ()
    mended: float | None = None
    plugins: tuple[PluginChange, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "diff": list(self.diff), "plugins": [each.to_dict() for each in self.plugins]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Drift:
        plugins = tuple(map(PluginChange.from_dict, data.get("plugins") or ()))
        return cls(**{**understood(cls, data), "diff": tuple(data.get("diff") or ()), "plugins": plugins})
