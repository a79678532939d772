# SPDX-License-Identifier: Apache-2.0
"""collectd in containers of podman's: one at a time, whoever is killed; and another image in the place of the one."""

from __future__ import annotations

import dataclasses
import functools
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import managed, output, plan
from collectd_mgr.drivers import instance, operators
from collectd_mgr.drivers.process import Process, marked, running
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.testing.suite.changes import CPU, MEMORY
from collectd_mgr.testing.suite.rig import Rig
from collectd_mgr.testing.suite.rigs import Host, real_host
from tests.collectd.beside import beside
from tests.collectd.containers import contained, containers, images, podman
from tests.collectd.replacing import replacing
from tests.collectd.test_replace_driver import answers
from tests.waiting import PATIENCE, eventually


@pytest.fixture
def host() -> Iterator[Host]:
    with real_host(replacing, run_by=contained) as host:
        yield host


@pytest.fixture
def rig(host: Host) -> Rig:
    return host.rig()


def processes(host: Host) -> list[Process]:
    """Every collectd in a container of this host's."""
    mark = f"COLLECTD_MGR={host.settings.state_dir}"
    files = [host.settings.config_file, *map(str, Path(host.settings.state_dir, "instances").glob("*.conf"))]
    return [each for file in files for each in marked(("-f", "-C", file), mark)]


def test_each_is_a_container_of_its_own(host: Host, rig: Rig) -> None:
    (first,) = containers(host.settings)
    assert first == host.settings.container
    applied = rig.reach(rig.goal({"cpu": CPU}))
    assert applied.replaced
    eventually(lambda: len(containers(host.settings)) == 1)
    (second,) = containers(host.settings)
    assert second.startswith(f"{first}-")
    assert [each.pid for each in processes(host)] == [applied.running.pid]
    # Whoever looks for processes of the host's own takes none in a container for one.
    file = next(Path(host.settings.state_dir, "instances").glob("*.conf"))
    assert not list(running(host.settings.binary, ("-f", "-C", str(file))))
    assert host.collectd.instances() == (applied.running.pid,)
    host.again()
    eventually(lambda: list(containers(host.settings)) == [first])
    assert not plan.plan(rig.driver.observe(), rig.goal({"cpu": CPU}))


def test_podman_starts_none_again(host: Host) -> None:
    (found,) = containers(host.settings).values()
    (facts,) = json.loads(podman("inspect", found["Id"]))
    assert facts["HostConfig"]["RestartPolicy"]["Name"] in ("", "no")
    host.kill()
    eventually(lambda: not containers(host.settings))
    assert not processes(host)


def test_the_next_agent_finds_it(host: Host, rig: Rig) -> None:
    pid = rig.reach(rig.goal({"memory": MEMORY})).running.pid
    Path(host.settings.state_dir, "collectd.pid").unlink()
    assert rig.another().recover().running.pid == pid
    assert len(processes(host)) == 1


def test_the_next_agent_ends_one_that_was_not_handed_to(host: Host, rig: Rig) -> None:
    before = rig.reach(rig.goal({"memory": MEMORY})).running
    succession = beside(host, rig.goal({"cpu": CPU}))
    recovered = rig.another().recover()
    assert recovered.running.pid == before.pid
    assert f"{succession.new.pid} was ended" in " ".join(recovered.notes)
    eventually(lambda: len(containers(host.settings)) == 1)
    assert [each.pid for each in processes(host)] == [before.pid]


def test_the_new_one_goes_on_where_the_old_one_was_killed(host: Host, rig: Rig) -> None:
    rig.reach(rig.goal({"memory": MEMORY}))
    old, goal = host.collectd.daemon.find(), rig.goal({"cpu": CPU})
    assert old is not None
    succession = beside(host, goal)
    old.signal(signal.SIGKILL)
    assert old.wait(PATIENCE)
    eventually(lambda: answers(host, succession.new.pid))
    assert rig.another().recover().running.pid == succession.new.pid
    assert [each.pid for each in processes(host)] == [succession.new.pid]
    assert host.collectd.status()["output"]["mode"] == output.PASS


def test_a_start_that_was_cut_off_leaves_nothing(host: Host, rig: Rig) -> None:
    """A container that was made and not started is what a kill of podman's leaves."""
    label = f"COLLECTD_MGR={host.settings.state_dir}"
    Path(host.settings.state_dir, "instances").mkdir(exist_ok=True)
    Path(host.settings.state_dir, "instances", "0.conf").touch()
    podman("create", "--name", f"{host.settings.container}-0", "--label", label, "--rootfs", "/:O", "/bin/true")
    assert len(containers(host.settings)) == 2
    rig.another().recover()
    assert list(containers(host.settings)) == [host.settings.container]


#: An agent that starts collectd, or a second one with that file, and is killed on the way.
_AGENT = """
import json, sys
from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.collectd import Collectd
daemon = Collectd(DriverSettings(**json.loads(sys.argv[1]))).daemon
print("ready", flush=True)
daemon.launch(sys.argv[2]) if sys.argv[2:] else daemon.start()
"""


def under_way(host: Host) -> bool:
    """Whether a podman is at work for this host, whoever called it."""
    lines = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout.splitlines()
    return any(line.startswith("podman ") and host.settings.state_dir in line for line in lines)


def test_an_agent_that_is_killed_while_it_starts_one_leaves_one(host: Host) -> None:
    """podman goes on by itself, and may have come as far as it likes when the next agent starts one."""
    for delay in (0.0, 0.2, 0.5):
        host.collectd.daemon.stop()
        killed(host, delay)
        driver = RestartDriver(host.settings)
        pid = driver.recover().running.pid
        eventually(lambda: not under_way(host))
        assert [each.pid for each in processes(host)] == [pid], delay
        eventually(lambda: list(containers(host.settings)) == [host.settings.container])
        driver.close()


def test_one_that_is_killed_while_it_starts_a_second_one_leaves_the_first(host: Host, rig: Rig) -> None:
    pid = rig.reach(rig.goal({"memory": MEMORY})).running.pid
    eventually(lambda: len(containers(host.settings)) == 1)
    (first,) = containers(host.settings)
    for delay in (0.0, 0.3):
        text = host.collectd.render(rig.goal({"cpu": CPU}), "epoch/7")
        host.collectd.files.stage(text)
        old = host.collectd.daemon.find()
        assert old is not None
        items = operators.beside(host.settings, managed.parse(text))
        killed(host, delay, instance.write_configuration(host.settings, items, old, {}))
        assert rig.another().recover().running.pid == pid
        eventually(lambda: not under_way(host) and [each.pid for each in processes(host)] == [pid])
        eventually(lambda: list(containers(host.settings)) == [first])


def killed(host: Host, delay: float, *config_file: str) -> None:
    """An agent is, ``delay`` seconds after it has begun to start a collectd."""
    said = json.dumps(dataclasses.asdict(host.settings))
    command = [sys.executable, "-c", _AGENT, said, *config_file]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as agent:
        assert agent.stdout is not None
        assert agent.stdout.readline() == "ready\n", agent.wait()
        time.sleep(delay)
        agent.kill()


def test_another_image_takes_the_place_of_the_one() -> None:
    with images() as names, real_host(replacing, run_by=functools.partial(contained, image=names[0])) as host:
        rig = host.rig()
        assert {each["Image"] for each in containers(host.settings).values()} == {names[0]}
        wanted = {"program": {"collectd": {"image": names[1]}}}
        applied = rig.reach(rig.goal({"memory": MEMORY}, sections=wanted))
        assert applied.replaced
        eventually(lambda: [each["Image"] for each in containers(host.settings).values()] == [names[1]])
        host.again()
        eventually(lambda: [each["Image"] for each in containers(host.settings).values()] == [names[1]])
        missing = {"program": {"collectd": {"image": "localhost/cm-none:1"}}}
        order = rig.order(rig.goal({"memory": MEMORY}, sections=missing))
        assert "localhost/cm-none:1" in rig.refuses(order, exception.ProgramUnfit).detail
        rig.reach(rig.goal({"memory": MEMORY}))
        eventually(lambda: [each["Image"] for each in containers(host.settings).values()] == [names[0]])
