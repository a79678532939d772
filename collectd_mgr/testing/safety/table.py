# SPDX-License-Identifier: Apache-2.0
"""The table as a file: one line per plugin, so that a change of a verdict is a change of one line."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from collectd_mgr.domain import safety

#: Where the package has it.
PATH = Path(safety.__file__).with_name("plugins.json")


def text(rows: Iterable[safety.Safety], package: str) -> str:
    """The file's text; ``package`` is the package and version that the rows were earned on."""
    lines = [f"  {json.dumps(row.plugin)}: {json.dumps(_to_row(row))}" for row in sorted(rows, key=_name)]
    return f'{{"package": {json.dumps(package)},\n "plugins": {{\n' + ",\n".join(lines) + "\n}}\n"


def package(path: Path = PATH) -> str:
    """The package and version that the table at ``path`` was earned on."""
    return str(json.loads(path.read_text(encoding="utf-8"))["package"])


def _to_row(row: safety.Safety) -> Mapping[str, object]:
    fields = dataclasses.asdict(row)
    del fields["plugin"]
    return fields


def _name(row: safety.Safety) -> str:
    return row.plugin
