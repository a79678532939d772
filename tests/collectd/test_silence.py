# SPDX-License-Identifier: Apache-2.0
"""A collectd that is only starting, or that does not answer for a while, is neither restarted nor given up."""

from __future__ import annotations

import dataclasses
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.drivers.attached import AttachedDaemon
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.testing.suite.rigs import Host, real_host
from tests.collectd.conftest import ENTRIES
from tests.collectd.parts import Parts, spec
from tests.freezing import freeze
from tests.waiting import eventually

_SLOW = f'<Plugin python>\nModulePath "{ENTRIES}"\nImport "slow_init"\n</Plugin>\n'


@pytest.fixture
def host() -> Iterator[Host]:
    with real_host(LiveDriver) as host:
        yield host


def told(parts: Parts) -> tuple[str | None, str | None]:
    """The outcome, and the code of the error."""
    memory = parts.state.memory
    return memory.outcome, memory.error["code"] if memory.error else None


@pytest.mark.parametrize("before", [True, False], ids=["before ours", "after ours"])
def test_a_change_waits_for_the_end_of_a_start(host: Host, before: bool) -> None:
    host.collectd.daemon.stop()
    conf = Path(host.settings.config_file)
    text = conf.read_text()
    conf.write_text(f"LoadPlugin python\n{_SLOW}{text}" if before else f"{text}\n{_SLOW}")
    pid = host.collectd.daemon.start().pid
    time.sleep(0.5)
    parts = Parts(host)
    running = parts.applier.apply(spec(1, "memory"))
    assert running is not None
    assert (parts.state.memory.driver, running.pid, parts.state.memory.outcome) == ("live", pid, "applied")


def test_one_that_is_silent_before_the_change_gets_it_later(host: Host) -> None:
    parts = Parts(host)
    parts.applier.apply(spec(1, "memory"))
    parts.wait_for(1.0)
    process = host.collectd.daemon.find()
    assert process is not None
    answering = host.collectd.observe()
    freeze(process.pid)
    silent = host.collectd.observe()
    # The daemon and the kernel say the same of its start, to the tick.
    assert silent.version is None
    assert (silent.pid, silent.since_boot) == (answering.pid, answering.since_boot)
    assert silent.since_boot is not None
    parts.applier.apply(spec(2, "memory", "swap"))
    assert told(parts) == ("applying", "timeout")
    parts.keeper.look()
    assert told(parts) == ("applying", "timeout")
    process.signal(signal.SIGCONT)

    def applied() -> bool:
        parts.keeper.look()
        return told(parts) == ("applied", None)

    eventually(applied)
    assert host.collectd.observe().plugins["swap"].enabled


def test_one_that_somebody_else_runs_is_not_taken_for_dead(host: Host) -> None:
    host.settings = dataclasses.replace(host.settings, daemon="attached")
    parts = Parts(host)
    parts.applier.apply(spec(1, "memory"))
    parts.wait_for(1.0)
    process = host.collectd.daemon.find()
    assert process is not None
    assert parts.state.memory.probation is not None
    freeze(process.pid)
    parts.keeper.look()
    parts.applier.apply(spec(2, "memory", "swap"))
    assert (told(parts), parts.state.memory.quarantine) == (("applying", "timeout"), None)
    process.signal(signal.SIGCONT)

    def applied() -> bool:
        parts.keeper.look()
        return told(parts) == ("applied", None)

    eventually(applied)


def test_one_that_somebody_else_runs_is_known_with_its_queue_full(host: Host) -> None:
    process, wire = host.collectd.daemon.find(), host.collectd.wire
    attached = AttachedDaemon(wire)
    assert process is not None
    assert attached.find() == process
    freeze(process.pid)
    while wire.listener() is not None:
        assert attached.find() == process
    assert attached.find() == process
    process.signal(signal.SIGCONT)
    host.kill()
    assert attached.find() is None
