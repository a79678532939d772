# SPDX-License-Identifier: Apache-2.0
"""The sample of an allow-list says what holds by default."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from collectd_mgr.domain.allowlist import Policy, policy

SAMPLE = Path(__file__).parents[3] / "etc" / "collectd-mgr" / "allowlist.toml"


def test_the_sample_as_it_is() -> None:
    assert policy(tomllib.loads(SAMPLE.read_text())) == Policy()


def test_what_is_commented_out_is_the_default() -> None:
    given = tomllib.loads(re.sub(r"^#(?! \S)", "", SAMPLE.read_text(), flags=re.MULTILINE))
    assert policy(given) == Policy()
    assert {key for section in given.values() for key in section} == set(vars(Policy()))
