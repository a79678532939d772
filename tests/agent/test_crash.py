# SPDX-License-Identifier: Apache-2.0
"""A plugin that ends collectd: one death, the last good spec is back, live is quarantined, no loop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr.domain.spec import Generation
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.testing.collectd import compile_plugin
from tests.agent.agent_host import AgentHost, enabled, spec
from tests.services.rabbitmq import RabbitMQ

SOURCES = Path(__file__).parent / "plugins"
CRASHERS = ("crash_in_init", "crash_later", "crash_in_third_read")


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    directory = tmp_path_factory.mktemp("crashers")
    return tuple(compile_plugin(SOURCES / f"{name}.c", directory) for name in CRASHERS)


@pytest.fixture
def host(rabbitmq: RabbitMQ, plugins: tuple[Path, ...]) -> Iterator[AgentHost]:
    """Spec 1 is known to be good; the probation of what comes next is longer than a crash can take."""
    with AgentHost(rabbitmq.url, plugins, probation=0.2) as host:
        host.start("--trust", *CRASHERS)
        host.apply(spec(1, "memory"))
        host.until(host.outlived)
        host.kill()
        host.file.write_text(host.file.read_text().replace("probation = 0.2", "probation = 60"))
        host.start("--trust", *CRASHERS)
        yield host


@pytest.fixture
def brief(rabbitmq: RabbitMQ, plugins: tuple[Path, ...]) -> Iterator[AgentHost]:
    """The least probation is shorter than the time to the second read of any plugin."""
    with AgentHost(rabbitmq.url, plugins, probation=0.1) as host:
        yield host


def crash(host: AgentHost) -> None:
    """What ``crash_later`` waits for."""
    (host.directory / "crash").touch()


def deaths(host: AgentHost) -> int:
    """How often collectd began."""
    return (host.directory / "agent" / "collectd.log").read_text().count("Initialization complete") - 1


def check(host: AgentHost, status: HostStatus) -> None:
    assert status.error is not None
    assert (status.generation, status.outcome) == (Generation("e", 2), "failed")
    assert (status.error["code"], enabled(status)) == ("daemon_died", {"memory"})
    assert status.quarantine is not None
    whole = host.status().capabilities
    assert whole is not None
    assert "Quarantined" in whole["drivers"][0]["missing"]["plugin.load"]


def test_in_its_init(host: AgentHost) -> None:
    host.apply(spec(2, "memory", "crash_in_init"))
    # On a busy machine collectd may be longer about its end than the answer to the call.
    host.until(lambda: host.status().outcome == "failed")
    host.until(lambda: enabled(host.status()) == {"memory"})
    check(host, host.status())
    pid = host.pid
    host.kill()
    host.start("--trust", *CRASHERS)
    host.apply(spec(2, "memory", "crash_in_init"))
    time.sleep(1)
    check(host, host.status())
    assert (host.pid, deaths(host)) == (pid, 1)
    assert host.apply(spec(3, "memory", "swap")).driver == "restart"
    cleared = host.apply(spec(4, "memory", clears=1))
    assert (cleared.quarantine, cleared.driver, cleared.outcome) == (None, "live", "applied")


def test_soon_after_its_load(host: AgentHost) -> None:
    before = host.pid
    assert host.apply(spec(2, "memory", "crash_later")).outcome == "applied"
    crash(host)
    host.until(lambda: host.status().outcome == "failed")
    host.until(lambda: host.pid not in (None, before))
    host.until(lambda: enabled(host.status()) == {"memory"})
    pid = host.pid
    check(host, host.status())
    time.sleep(2)
    assert host.pid == pid


def test_while_the_agent_was_away(host: AgentHost) -> None:
    assert host.apply(spec(2, "memory", "crash_later")).outcome == "applied"
    host.kill()
    crash(host)
    host.until(lambda: host.pid is None)
    host.start("--trust", *CRASHERS)
    host.until(lambda: enabled(host.status()) == {"memory"})
    check(host, host.status())


@pytest.mark.parametrize("trusted", [CRASHERS, ()], ids=["live", "by restart"])
def test_in_its_third_read(brief: AgentHost, trusted: tuple[str, ...]) -> None:
    brief.start("--trust", *trusted)
    brief.apply(spec(1, "memory"))
    brief.until(brief.outlived)
    begun = deaths(brief)
    # On a busy machine it is over before this is answered: which driver it was shows in the starts of collectd.
    brief.apply(spec(2, "memory", "crash_in_third_read"))
    brief.until(lambda: brief.status().outcome == "failed")
    brief.until(lambda: enabled(brief.status()) == {"memory"})
    status = brief.status()
    assert status.error is not None
    assert (status.generation, status.error["code"]) == (Generation("e", 2), "daemon_died")
    assert (status.quarantine is not None) == bool(trusted)
    # One start after the death, and one before it where the change itself was a restart.
    starts = 1 if trusted else 2
    brief.until(lambda: deaths(brief) >= begun + starts)
    assert deaths(brief) == begun + starts
    assert "crash_in_third_read" not in brief.managed()
