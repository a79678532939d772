# SPDX-License-Identifier: Apache-2.0
"""The example of what Kolla is to copy: collectd reads what was copied."""

from __future__ import annotations

import json
from pathlib import Path

CONFIG = json.loads((Path(__file__).parents[2] / "etc" / "kolla" / "config.json").read_text())


def test_collectd_reads_what_was_copied() -> None:
    conf, included = (file["dest"] for file in CONFIG["config_files"])
    assert CONFIG["command"].split()[-2:] == ["-C", conf]
    assert included == f"{conf}.d/"
