# SPDX-License-Identifier: Apache-2.0
"""Another collectd by the bus: let in by the host, gone on with after a kill of the agent, and back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.agent import faults
from collectd_mgr.domain.operations import APPLIED
from collectd_mgr.domain.spec import HOST, Counters, Generation, HostSpec, Layer, PluginSetting
from tests.agent.agent_host import AgentHost
from tests.collectd.containers import containers, images, options
from tests.services.rabbitmq import RabbitMQ

PLUGINS = {"memory": PluginSetting(True, 1.0)}


@pytest.fixture
def host(rabbitmq: RabbitMQ, tmp_path: Path) -> Iterator[AgentHost]:
    with AgentHost(
        rabbitmq.url, config="Interval 0.5", drivers="live,replace,restart", allowlist_file=tmp_path / "allowlist.toml"
    ) as host:
        yield host


@pytest.fixture
def other(host: AgentHost, tmp_path: Path) -> Path:
    path = Path(shutil.copy2(host.settings.binary, host.directory / "other"))
    (tmp_path / "allowlist.toml").write_text(f'[collectd]\nbinaries = ["{host.directory}/*"]\n')
    return path


def spec(n: int, program: Mapping[str, str] | None, replacements: int = 0) -> HostSpec:
    sections = {"program": {"collectd": dict(program)}} if program else {}
    counters = Counters(daemon_replacements=replacements)
    return HostSpec(Generation("e", n), (Layer(HOST, PLUGINS, counters, sections),))


def runs(host: AgentHost) -> str:
    return os.readlink(f"/proc/{host.status().daemon['pid']}/exe")


def image(host: AgentHost) -> str:
    pid = host.status().daemon["pid"]
    return next(str(each["Image"]) for each in containers(host.settings).values() if each["Pid"] == pid)


def test_it_takes_the_place_of_the_one_and_back(host: AgentHost, other: Path) -> None:
    host.start()
    there_and_back(host, {"binary": str(other)}, {"binary": "/bin/sh"}, runs)


def test_another_image_does_so(rabbitmq: RabbitMQ, tmp_path: Path) -> None:
    allowlist = tmp_path / "allowlist.toml"
    with (
        images() as names,
        AgentHost(
            rabbitmq.url,
            config="Interval 0.5",
            daemon="podman",
            collectd=options(names[0]),
            drivers="live,replace,restart",
            allowlist_file=allowlist,
        ) as host,
    ):
        allowlist.write_text(f'[collectd]\nimages = ["{names[1]}"]\n')
        host.start()
        there_and_back(host, {"image": names[1]}, {"image": "localhost/other:1"}, image)


def there_and_back(
    host: AgentHost, other: Mapping[str, str], forbidden: Mapping[str, str], what: Callable[[AgentHost], str]
) -> None:
    """``what``: the program that the daemon is of."""
    assert host.apply(spec(1, None)).outcome == APPLIED
    first = what(host)
    status, n = host.apply(spec(2, other, 1)), 2
    while not status.daemon["replaced"]:  # This machine may be too slow now and then.
        host.apply(spec(n + 1, None, n))
        n += 2
        status = host.apply(spec(n, other, n))
    assert (status.outcome, status.driver) == (APPLIED, "replace")
    assert status.sections["program"]["settings"] == {"collectd": other}
    assert what(host) in other.values()
    with pytest.raises(exception.RefusedByAgent):
        host.apply(spec(n + 1, forbidden, n + 1))
    assert what(host) in other.values()
    assert host.apply(spec(n + 2, None, n)).outcome == APPLIED
    assert what(host) == first


@pytest.mark.parametrize("moment", [faults.ACTING, faults.APPLIED])
def test_the_next_agent_goes_on(host: AgentHost, other: Path, moment: str) -> None:
    host.start()
    assert host.apply(spec(1, None)).outcome == APPLIED
    host.kill()
    host.start("--die-at", moment)
    with pytest.raises(exception.AgentUnreachable):
        host.apply(spec(2, {"binary": str(other)}, 1), timeout=10)
    host.until(host.ended)
    host.start()
    host.until(lambda: host.status().outcome == APPLIED and host.status().generation == Generation("e", 2))
    assert runs(host) == str(other)
    pid = host.pid
    host.kill()
    host.start()
    assert (host.status().daemon["pid"], runs(host)) == (pid, str(other))
