# SPDX-License-Identifier: Apache-2.0
"""A verdict that was given once is not asked for again, until what it was about has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import canonical
from collectd_mgr.drivers.verdicts import Verdict, Verdicts, build


class Judge:
    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> Verdict:
        self.asked += 1
        return Verdict(("careful",))


def reject() -> Verdict:
    raise exception.ConfigRejected


def test_a_verdict_is_asked_for_once(tmp_path: Path) -> None:
    judge = Judge()
    for verdicts in (Verdicts(tmp_path / "v"), Verdicts(tmp_path / "v")):
        assert verdicts.get(("cpu", "digest"), judge) == ("careful",)
    assert judge.asked == 1


def test_what_was_found_at_that_moment_is_told_then_alone(tmp_path: Path) -> None:
    verdicts = Verdicts(tmp_path)
    assert verdicts.get(("apache",), lambda: Verdict(("careful",), ("no answer",))) == ("careful", "no answer")
    assert verdicts.get(("apache",), reject) == ("careful",)


def test_what_an_earlier_release_kept_of_such_a_moment_is_not_told(tmp_path: Path) -> None:
    (tmp_path / f"{canonical.digest(['cpu'])}.json").write_text('{"of": ["cpu"], "warnings": ["no answer"]}')
    assert Verdicts(tmp_path).get(("cpu",), Judge()) == ("careful",)


def test_of_something_else_it_is_asked_for_again(tmp_path: Path) -> None:
    verdicts, judge = Verdicts(tmp_path), Judge()
    for key in (("cpu", "1"), ("cpu", "2"), ("df", "1")):
        verdicts.get(key, judge)
    assert judge.asked == 3


def test_a_rejection_is_not_remembered(tmp_path: Path) -> None:
    verdicts, judge = Verdicts(tmp_path), Judge()
    with pytest.raises(exception.ConfigRejected):
        verdicts.get(("cpu",), reject)
    verdicts.get(("cpu",), judge)
    assert judge.asked == 1


def test_a_verdict_that_cannot_be_read_is_asked_for_again(tmp_path: Path) -> None:
    verdicts, judge = Verdicts(tmp_path), Judge()
    verdicts.get(("cpu",), judge)
    for path in tmp_path.glob("*.json"):
        path.write_text("{")
    verdicts.get(("cpu",), judge)
    assert judge.asked == 2


def test_another_build_is_another_one(tmp_path: Path) -> None:
    plugin = tmp_path / "cpu.so"
    assert build(plugin) == build(plugin)
    missing = build(plugin)
    plugin.write_bytes(b"1")
    first = build(plugin)
    plugin.unlink()
    plugin.write_bytes(b"12")
    assert len({missing, first, build(plugin)}) == 3
