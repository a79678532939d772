# SPDX-License-Identifier: Apache-2.0
"""The commands, as pyproject.toml declares them: whatever an older installation of this tree may say."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

GROUP = "openstack.collectd.v1"

_PROJECT = tomllib.loads(Path(__file__).parents[3].joinpath("pyproject.toml").read_text())["project"]

#: By what is typed behind ``openstack``: ``"collectd host list"``.
COMMANDS = {
    name.replace("_", " "): EntryPoint(name, value, GROUP) for name, value in _PROJECT["entry-points"][GROUP].items()
}


def of(arguments: tuple[str, ...]) -> str:
    """The command that ``openstack collectd`` with these arguments runs, or the noun alone where there is none."""
    words = ["collectd", *arguments]
    heads = (" ".join(words[:count]) for count in range(len(words), 1, -1))
    return next((head for head in heads if head in COMMANDS), words[1])
