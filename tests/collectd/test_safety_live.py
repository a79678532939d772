# SPDX-License-Identifier: Apache-2.0
"""Every verdict "live" of the table, reproduced: all live-safe plugins in one collectd, off and on again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import safety
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.safety import fixtures, probe
from collectd_mgr.testing.safety.rounds import OPTIONS, PATIENCE, SILENCE, Subject, wait

LIVE = sorted(row.plugin for row in safety.table().values() if row.live)
#: Those that gave values in the proof, and that this kernel has something for.
GIVING = [plugin for plugin in LIVE if safety.lookup(plugin).values_seen and fixtures.has_source(plugin)]
NEEDED = {"processes", "tcpconns", "disk", "interface", "df", "cpu"}

Statuses = dict[str, list[str]]


@dataclass
class Moment:
    """The daemon after one step: reads by plugin, plugins with values since the step, threads, files, notifications."""

    reads: Statuses
    giving: set[str]
    threads: Counter[str]
    files: Counter[str]
    notifications: int


@dataclass
class Story:
    """What happened, step by step."""

    before: Counter[str] = field(default_factory=Counter)
    enabled: list[Moment] = field(default_factory=list)
    disabled: list[Moment] = field(default_factory=list)
    pids: set[int] = field(default_factory=set)
    status: int | None = None


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    """Three rounds over all live-safe plugins at once, and the end of the daemon."""
    told = Story()
    with ExitStack() as stack:
        daemon = stack.enter_context(ScratchCollectd(interval=1, options={**OPTIONS, "ReadThreads": 10}))
        subjects = []
        for plugin in LIVE:
            place = daemon.directory / f"for-{plugin}"
            place.mkdir()
            subjects.append(Subject(plugin, stack.enter_context(fixtures.ready(plugin, place)), daemon))
        told.before = probe.settled(daemon.pid)
        for _ in range(3):
            told.enabled.append(_all_on(subjects, told.enabled[0].threads if told.enabled else Counter()))
            told.disabled.append(_all_off(subjects, told.before))
            told.pids.add(daemon.call("status")["pid"])
        told.status = daemon.stop()
        yield told


def _all_on(subjects: list[Subject], usual: Counter[str]) -> Moment:
    start = time.time()
    reads = {subject.plugin: list(subject.enable()["reads"]) for subject in subjects}
    wait(lambda: set(GIVING) <= _giving(subjects, start), PATIENCE)
    return _moment(subjects, reads, start, usual)


def _all_off(subjects: list[Subject], usual: Counter[str]) -> Moment:
    reads = {subject.plugin: list(subject.disable()["reads"]) for subject in subjects}
    said, start = subjects[0].notifications(), time.time()
    time.sleep(2 * SILENCE)
    moment = _moment(subjects, reads, start, usual)
    moment.notifications -= said
    return moment


def _moment(subjects: list[Subject], reads: Statuses, start: float, usual: Counter[str]) -> Moment:
    pid, giving = subjects[0].daemon.pid, _giving(subjects, start)
    threads = _threads(pid, usual) if usual else probe.settled(pid)
    return Moment(reads, giving, threads, probe.files(pid), subjects[0].notifications())


def _threads(pid: int, usual: Counter[str]) -> Counter[str]:
    """Those that end by themselves are waited for."""
    threads, deadline = probe.threads(pid), time.monotonic() + PATIENCE
    while probe.grown(usual, threads) and time.monotonic() < deadline:
        time.sleep(0.02)
        threads = probe.threads(pid)
    return threads


def _giving(subjects: list[Subject], start: float) -> set[str]:
    """The plugins with a value that is newer than ``start``."""
    found = subjects[0].daemon.call("metrics_list")
    fresh = [name for name, when in zip(found["names"], found["times"], strict=True) if when > start]
    return {name.split("/")[1].partition("-")[0] for name in fresh}


@pytest.mark.parametrize("plugin", GIVING)
def test_values_come_and_go_and_come_again(story: Story, plugin: str) -> None:
    assert [plugin in moment.giving for moment in story.enabled] == [True, True, True]
    assert [plugin in moment.giving for moment in story.disabled] == [False, False, False]


def test_enough_of_them_are_seen_giving_values_here(story: Story) -> None:
    giving = set.intersection(*(moment.giving for moment in story.enabled))
    configured = {plugin for plugin in giving if fixtures.FIXTURES.get(plugin, fixtures.Fixture()).config}
    assert len(giving & set(LIVE)) >= 20
    assert len(configured) >= 5
    assert giving >= NEEDED


@pytest.mark.parametrize("plugin", LIVE)
def test_reads_go_and_come_again(story: Story, plugin: str) -> None:
    first, *later = (len(moment.reads[plugin]) for moment in story.enabled)
    assert later == [first, first]
    assert [moment.reads[plugin] for moment in story.disabled] == [[], [], []]


@pytest.mark.parametrize("plugin", [row.plugin for row in safety.table().values() if row.live and row.configured_reads])
def test_reads_that_the_configuration_makes_are_there(story: Story, plugin: str) -> None:
    assert all(moment.reads[plugin] for moment in story.enabled)


def test_what_reads_without_a_configuration_comes_again_or_is_known_not_to() -> None:
    with ScratchCollectd(interval=1, options=OPTIONS) as daemon:
        subjects = [Subject(plugin, "", daemon) for plugin in LIVE]
        reading = [subject for subject in subjects if _reads(subject)]
        for subject in reading:
            subject.disable()
        gone = {subject.plugin for subject in reading if not _reads(subject)}
    assert gone == {plugin for plugin in LIVE if safety.lookup(plugin).once}
    assert not [subject.plugin for subject in reading if safety.lookup(subject.plugin).wants_config]


def _reads(subject: Subject) -> list[str]:
    """What it reads when it is enabled: nothing where collectd does not have it so."""
    try:
        return list(subject.enable()["reads"])
    except exception.ConfigRejected:
        return []


def test_no_value_of_any_plugin_is_left(story: Story) -> None:
    assert [moment.giving for moment in story.disabled] == [set(), set(), set()]


def test_no_notification_comes_while_all_are_disabled(story: Story) -> None:
    assert [moment.notifications for moment in story.disabled] == [0, 0, 0]


def test_no_thread_is_left_and_none_is_doubled(story: Story) -> None:
    assert [probe.grown(story.before, moment.threads) for moment in story.disabled] == [{}, {}, {}]
    assert [probe.grown(story.enabled[0].threads, moment.threads) for moment in story.enabled] == [{}, {}, {}]


def test_open_files_do_not_grow(story: Story) -> None:
    grown = probe.grown(story.disabled[0].files, story.disabled[2].files)
    assert {name: more for name, more in grown.items() if more > 1} == {}


def test_it_stayed_the_same_daemon_and_ended_cleanly(story: Story) -> None:
    assert len(story.pids) == 1
    assert story.status == 0
