# SPDX-License-Identifier: Apache-2.0
"""The page about the config of a plugin says what is true."""

from __future__ import annotations

import json
import re
from pathlib import Path

from collectd_mgr.domain import config
from collectd_mgr.domain.grammar import render

PAGE = Path(__file__).parents[3] / "doc" / "source" / "reference" / "plugin-config.rst"


def test_every_json_on_the_page_is_taken() -> None:
    found = [text for text in re.findall(r"``([{\[].*?)``", PAGE.read_text()) if "..." not in text]
    assert len(found) >= 6
    assert all(render(config.from_json(json.loads(text))) for text in found)


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    assert (config.MAX_DEPTH, config.MAX_ITEMS, config.MAX_CHARACTERS) == (32, 20_000, 1 << 20)
    assert "32\nblocks deep, 20,000 options, 1 MiB of text" in PAGE.read_text()
