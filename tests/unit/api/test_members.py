# SPDX-License-Identifier: Apache-2.0
"""What the API takes of a setting, the agents know: they refuse what is not in the table."""

from __future__ import annotations

from typing import Any

import pytest

from collectd_mgr.api import ignorelist, mutes, ring, samples, thresholds
from collectd_mgr.api.schemas import buffer
from collectd_mgr.api.sections import Kind
from collectd_mgr.domain import program, queue, sections, spool

KINDS = (ignorelist.KIND, ring.KIND, samples.KIND, thresholds.KIND, mutes.KIND)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.section)
def test_of_any_name(kind: Kind) -> None:
    (known,) = sections.MEMBERS[kind.section].values()
    stamped = ("by", "reason") if kind is mutes.KIND else ()
    assert sorted(known) == sorted((*kind.properties, *stamped))


def properties(schema: Any) -> tuple[str, ...]:
    return tuple(schema["properties"])


def test_of_one_name() -> None:
    assert sections.MEMBERS[sections.QUEUE] == {queue.LIMITS: properties(buffer.QUEUE)}
    assert sections.MEMBERS[sections.SPOOL] == {spool.LIMITS: properties(buffer.SPOOL)}
    assert sections.MEMBERS[sections.PROGRAM] == {program.NAME: program.KINDS}


def test_every_section_is_asked_about() -> None:
    assert {kind.section for kind in KINDS} | {sections.QUEUE, sections.SPOOL, sections.PROGRAM} == set(sections.NAMES)
