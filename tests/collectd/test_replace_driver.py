# SPDX-License-Identifier: Apache-2.0
"""What the replace driver alone promises: a new process takes over, or the old one goes on; never none, never two."""

from __future__ import annotations

import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import grammar, managed, output, plan, sections
from collectd_mgr.domain.config import to_json
from collectd_mgr.domain.notifications import Position
from collectd_mgr.domain.reads import Query
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers import instance
from collectd_mgr.drivers.base import Order
from collectd_mgr.drivers.child import ChildDaemon
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.drivers.parting import Parting, samples
from collectd_mgr.drivers.process import Process, running
from collectd_mgr.drivers.replace import ReplaceDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.drivers.succession import Succession
from collectd_mgr.testing.suite.rig import FAST, Rig
from collectd_mgr.testing.suite.rigs import Host, real_host
from collectd_mgr.wire.client import WireClient
from tests.collectd.beside import beside
from tests.collectd.hanging import Silent
from tests.collectd.replacing import replacing
from tests.collectd.samples import series, twice
from tests.collectd.unixsock import asks, own_socket, put
from tests.freezing import frozen, held, reader
from tests.services.place import free_port
from tests.waiting import PATIENCE, eventually

MEMORY = PluginGoal(True, interval=FAST)
CPU = PluginGoal(True, FAST, {"ReportByCpu": False})
OTHERWISE = PluginGoal(True, FAST, {"ReportByCpu": True})

#: What one says of its output that has no other one beside it.
FREE = {"mode": output.PASS, "other": 0, "until": 0.0, "over": False, "gate": False, "by_word": False}

#: Every machine has more memory than this.
FULL = {"full": {"plugin": "memory", "type": "memory", "type_instance": "used", "failure_max": 1.0}}

#: An output that has nothing of one plugin, and a cache that has nothing but of two.
CHAIN = """
LoadPlugin match_regex
<Chain "PreCache">
  <Rule "known">
    <Match "regex">
      Plugin "^(load|memory)$"
    </Match>
    Target "return"
  </Rule>
  Target "stop"
</Chain>
<Chain "PostCache">
  <Rule "no_load">
    <Match "regex">
      Plugin "^load$"
    </Match>
    Target "stop"
  </Rule>
  Target "write"
</Chain>
"""


@pytest.fixture
def host() -> Iterator[Host]:
    with real_host(replacing) as host:
        yield host


@pytest.fixture
def rig(host: Host) -> Rig:
    return host.rig()


def processes(host: Host) -> list[Process]:
    """Every collectd of this host."""
    first = running(host.settings.binary, ("-C", host.settings.config_file))
    return [*first, *host.collectd.daemon.launched().values()]


def the_only(host: Host) -> Process:
    eventually(lambda: len(processes(host)) == 1)
    (found,) = processes(host)
    return found


def the_old(host: Host, succession: Succession) -> Process:
    (old,) = [each for each in processes(host) if each != succession.new]
    return old


def mode(host: Host) -> str:
    found: str = host.collectd.status()["output"]["mode"]
    return found


def csv(host: Host) -> Path:
    return Path(host.settings.config_file).parent / "csv"


def written(host: Host, plugin: str) -> int:
    """How many lines csv has of a plugin."""
    files = csv(host).glob(f"*/{plugin}*/*")
    return sum(len(file.read_text().splitlines()) for file in files)


def no_probe_is_written(host: Host) -> None:
    """Neither a value of its own, nor one that looks like the last one of a metric."""
    found = series(csv(host))
    assert not [name for name in found if "probe" in name]
    assert not twice(found, FAST)


def writes(host: Host, plugin: str) -> None:
    before = written(host, plugin)
    eventually(lambda: written(host, plugin) > before)


def test_a_new_process_takes_over(host: Host, rig: Rig) -> None:
    counting = PluginGoal(True, FAST, {"Process": "collectd"})
    before = rig.reach(rig.goal({"cpu": CPU, "processes": counting})).running
    resource.prlimit(the_only(host).pid, resource.RLIMIT_NOFILE, (900, 1000))
    applied = rig.reach(rig.goal({"cpu": OTHERWISE, "processes": counting}))
    assert [line for line in applied.warnings if "Counters of processes begin anew" in line]
    assert resource.prlimit(the_only(host).pid, resource.RLIMIT_NOFILE) == (900, 1000)
    assert (applied.replaced, applied.restarted) == (True, False)
    assert applied.running.pid not in (None, before.pid)
    assert the_only(host).pid == applied.running.pid
    assert host.collectd.status()["output"] == FREE
    writes(host, "cpu")


def test_what_was_upgraded_on_the_disk_takes_the_place_of_what_runs(tmp_path: Path) -> None:
    """Nothing of it is loaded into the old one."""
    there = tmp_path / "collectd"
    shutil.copy2("/usr/sbin/collectd", there)
    with real_host(replacing, run_by=lambda settings: replace(settings, binary=str(there))) as host:
        rig = host.rig()
        rig.reach(rig.goal({"memory": MEMORY}))
        old = the_only(host)
        shutil.copy2("/usr/sbin/collectd", tmp_path / "new")
        (tmp_path / "new").rename(there)
        assert not host.collectd.status()["live"]["on"]
        applied = rig.reach(replace(rig.goal({"memory": MEMORY}), daemon_replacements=1))
        assert applied.replaced
        assert (the_only(host).pid, host.collectd.status()["live"]["on"]) == (applied.running.pid, True)
        assert not old.alive()
        writes(host, "memory")
        assert not twice(series(csv(host)), FAST)


def test_a_host_that_is_closed_in_the_middle_leaves_no_collectd() -> None:
    """As by an interrupt: the new one is not to take the place of the old one, which is ended."""
    with ExitStack() as stack:
        with real_host(replacing) as host:
            new = beside(host, host.rig().goal({"memory": MEMORY})).new
            stack.callback(new.signal, signal.SIGKILL)
        assert not new.alive()


def test_it_is_found_without_its_record(host: Host, rig: Rig) -> None:
    pid = rig.reach(rig.goal({"cpu": CPU})).running.pid
    Path(host.settings.state_dir, "collectd.pid").unlink()
    assert rig.another().recover().running.pid == pid
    assert the_only(host).pid == pid


def test_plugins_that_were_not_read_twice_are_named(rig: Rig) -> None:
    assert "load was not read twice before the new collectd took over." in rig.reach(rig.goal({"cpu": CPU})).warnings


#: collectd has it flush as if it were a read; nobody need listen there.
FLUSHED = """
<LoadPlugin network>
  FlushInterval 1000
</LoadPlugin>
<Plugin network>
  Server "127.0.0.1" "9"
</Plugin>
"""


def test_a_plugin_that_is_flushed_now_and_then_is_not_read() -> None:
    with real_host(replacing, FLUSHED) as host:
        own = {"network": PluginGoal(True, origin="host")}
        warnings = host.rig().reach(host.rig().goal({"cpu": CPU, **own})).warnings
        assert not [line for line in warnings if "network" in line]
        found = host.collectd.status()["plugins"]["network"]
        assert (found["registered"], found["interval"]) == (False, None)


def test_it_takes_over_with_a_rate_of_everything(host: Host) -> None:
    """Of what is read every two seconds too, where there is the time for that."""
    patient = ReplaceDriver(replace(host.settings, ready_timeout=8.0))
    host.drivers.append(patient)
    slow = PluginGoal(True, 2.0, {"ReportByCpu": False})
    goal = Goal({**host.rig().origin, "cpu": slow, "memory": MEMORY})
    for wanted in (goal, replace(goal, daemon_restarts=1)):
        applied = patient.apply(Order(wanted, plan.plan(patient.observe(), wanted)))
        values = [value for row in patient.values(Query(plugin="cpu")).rows for value in row["values"]]
        assert values
        assert None not in {value["rate"] for value in values}
        assert not [line for line in applied.warnings if "cpu" in line]


#: Read so seldom that none is late; and one whose init fails, for it has no configuration.
SELDOM = """
<LoadPlugin memory>
  Interval 1000
</LoadPlugin>
LoadPlugin ascent
"""


def test_it_reads_at_the_times_of_the_old_one_whatever_is_not_read() -> None:
    """A plugin of the operator's is switched off, and collectd has taken another one out itself."""
    with real_host(replacing, SELDOM) as host:
        theirs = {"load": PluginGoal(False, origin="host"), "memory": PluginGoal(True, origin="host")}
        succession = beside(host, host.rig().goal({"cpu": CPU, **theirs}))
        status, reads = succession.wire.call("status"), succession.wire.call("reads")
        assert any("ascent" in line for line in status["start_messages"])
        assert not {"load", "ascent"} & reads.keys()
        apart = reads["memory"]["first"] - host.collectd.wire.call("reads")["memory"]["due"]
        assert min(apart % 1000, -apart % 1000) < 0.001
        assert status["aligned"]
        assert succession.take_back()


def test_the_operators_chains_go_on(tmp_path: Path) -> None:
    with real_host(replacing, CHAIN) as host:
        rig = host.rig()
        operators = {"match_regex": PluginGoal(True, origin="host")}
        rig.reach(rig.goal({"memory": MEMORY, **operators}))
        rig.reach(rig.goal({"memory": MEMORY, "load": PluginGoal(True, origin="host"), "cpu": CPU, **operators}))
        writes(host, "memory")
        rig.values("load")
        assert not written(host, "load")
        no_probe_is_written(host)


@pytest.mark.parametrize("bad", ["table", "filecount"])
def test_the_old_one_goes_on_where_the_new_one_lacks_something(host: Host, rig: Rig, bad: str) -> None:
    before = rig.reach(rig.goal({"memory": MEMORY})).running
    rig.refuses(rig.order(rig.goal({"memory": MEMORY, bad: PluginGoal(True)})), exception.DaemonNotStarted)
    goes_on(host, before.pid)


def goes_on(host: Host, pid: int | None) -> None:
    """The old one, alone, and with all that it had."""
    assert the_only(host).pid == pid
    assert host.collectd.status()["output"] == FREE
    assert host.collectd.files.staged() is None
    writes(host, "memory")


#: Its metrics bear another name than its own.
MINE = """
LoadPlugin table
<Plugin table>
  <Table "/proc/loadavg">
    Plugin "mine"
    Separator " "
    <Result>
      Type "gauge"
      InstancePrefix "one"
      ValuesFrom 0
    </Result>
  </Table>
</Plugin>
"""


def test_the_old_one_goes_on_where_metrics_would_be_lost() -> None:
    with real_host(replacing, MINE) as host:
        rig = host.rig()
        own = to_json(grammar.parse(MINE)[1].children or ())
        wanted = {"memory": MEMORY, "table": PluginGoal(True, config=own, origin="host")}
        before = rig.reach(rig.goal(wanted)).running
        rig.values("load")
        rig.values("mine")
        path = Path(host.settings.config_file)
        path.write_text(path.read_text().replace("LoadPlugin load", "").replace(MINE, ""))
        error = rig.refuses(rig.order(rig.goal(wanted, daemon_restarts=1)), exception.DaemonNotStarted)
        assert f"{host.settings.host}/load/load" in error.detail
        assert f"{host.settings.host}/mine" in error.detail
        goes_on(host, before.pid)


def test_what_there_cannot_be_two_of_is_for_the_next_driver() -> None:
    listen = f'LoadPlugin network\n<Plugin network>\n  Listen "127.0.0.1" "{free_port()}"\n</Plugin>'
    with real_host(replacing, listen) as host:
        rig = host.rig()
        order = rig.order(rig.goal({"cpu": CPU, "network": PluginGoal(True, origin="host")}))
        reason = "There cannot be two of network: it listens on one port."
        assert set(rig.driver.offer().missing.values()) == {reason}
        ladder = Ladder([rig.driver, RestartDriver(host.settings)])
        assert ladder.pick(order.plan, rig.driver.observe(), {}).name == "restart"
        ladder.drivers[1].close()
        assert reason in rig.refuses(order, exception.NotCapable).detail


def test_a_writer_that_hangs_costs_no_sample_of_what_others_write(tmp_path: Path) -> None:
    with ExitStack() as stack:
        # Closed before collectd is told to end, which would wait for it.
        server = Silent()
        host = stack.enter_context(real_host(replacing, own_socket(tmp_path) + server.config))
        stack.enter_context(server)
        rig = host.rig()
        theirs = {name: PluginGoal(True, origin="host") for name in ("unixsock", "match_regex", "write_http")}
        rig.reach(rig.goal({"memory": MEMORY, **theirs}))
        eventually(lambda: asks(tmp_path / "s"))
        server.hang(tmp_path / "s")
        rig.refuses(rig.order(rig.goal({"memory": MEMORY, "cpu": CPU, **theirs})), exception.Busy)
        ended = time.time()
        goes_on(host, the_only(host).pid)
        no_probe_is_written(host)
        # The one that hangs is waited for for ten seconds in between.
        memory = [each for name, each in series(csv(host)).items() if "/memory/" in name]
        assert memory
        assert all(any(ended - 8.0 < moment < ended - 1.0 for moment in each.times) for each in memory)


def test_a_queue_that_would_drop_what_waits_is_for_the_next_driver() -> None:
    with real_host(replacing, "WriteQueueLimitHigh 100") as host:
        rig = host.rig()
        before = host.collectd.observe().pid
        error = rig.refuses(rig.order(rig.goal({"memory": MEMORY, "cpu": CPU})), exception.Busy)
        assert error.detail.endswith("its write queue drops some above 50 (WriteQueueLimitLow).")
        assert the_only(host).pid == before
        assert host.collectd.status()["output"] == FREE


@pytest.fixture
def unixsock(tmp_path: Path) -> Iterator[Host]:
    with real_host(replacing, own_socket(tmp_path)) as host:
        yield host


def test_what_was_seen_to_happen_once_need_not_happen_again_for_another_one(unixsock: Host, tmp_path: Path) -> None:
    """A disk that had something to do has its pending operations, and their time, from then on, in this collectd."""
    rig, theirs = unixsock.rig(), {"disk": MEMORY, "unixsock": PluginGoal(True, origin="host")}
    before = rig.reach(rig.goal(theirs)).running
    eventually(lambda: asks(tmp_path / "s"))
    put(tmp_path / "s", f"{unixsock.settings.host}/disk-ghost/pending_operations", 0)
    put(tmp_path / "s", f"{unixsock.settings.host}/disk-ghost/disk_time", "0:0")
    applied = rig.reach(rig.goal(theirs, daemon_restarts=1))
    assert applied.replaced
    assert applied.running.pid != before.pid
    # Of what a disk has from the first read on that is not so.
    put(tmp_path / "s", f"{unixsock.settings.host}/disk-ghost/disk_ops", "0:0")
    error = rig.refuses(rig.order(rig.goal(theirs, daemon_restarts=2)), exception.DaemonNotStarted)
    assert "1 metrics that the old one gives" in error.detail


def test_a_process_that_has_ended_is_not_missed(rig: Rig, host: Host, tmp_path: Path) -> None:
    """A collectd that saw it gives what it had read and written from then on; the next one never saw it."""
    once = Path(shutil.copy(shutil.which("sleep") or "", tmp_path / "cm-once"))
    watched = {"processes": PluginGoal(True, FAST, {"Process": once.name})}
    before = rig.reach(rig.goal(watched)).running
    with subprocess.Popen([once, "inf"]) as process:
        eventually(lambda: list(csv(host).glob(f"*/processes-{once.name}/io_octets-*")))
        process.kill()
    applied = rig.reach(rig.goal(watched, daemon_restarts=1))
    assert applied.replaced
    assert applied.running.pid != before.pid


def test_collectds_own_socket_goes_over_to_the_new_one(unixsock: Host, tmp_path: Path) -> None:
    rig, theirs = unixsock.rig(), {"unixsock": PluginGoal(True, origin="host")}
    eventually(lambda: asks(tmp_path / "s"))
    for config in (CPU, OTHERWISE):
        applied = rig.reach(rig.goal({"cpu": config, **theirs}))
        assert applied.replaced
        assert not [line for line in applied.warnings if "lacks" in line]
        assert asks(tmp_path / "s")


def test_also_where_the_old_one_was_killed(unixsock: Host, tmp_path: Path) -> None:
    rig, theirs = unixsock.rig(), {"unixsock": PluginGoal(True, origin="host")}
    rig.reach(rig.goal({"memory": MEMORY, **theirs}))
    succession = beside(unixsock, rig.goal({"cpu": CPU, **theirs}))
    old = the_old(unixsock, succession)
    old.signal(signal.SIGKILL)
    assert old.wait(PATIENCE)
    # collectd itself does not listen where a socket is that another one left, unless it may delete it.
    (tmp_path / "s").unlink()
    assert rig.another().recover().running.pid == succession.new.pid
    assert asks(tmp_path / "s")


def test_a_change_that_brings_such_a_thing_is_refused(rig: Rig) -> None:
    port = PluginGoal(True, config={"Listen": "127.0.0.1"})
    (change,) = [change for change in rig.order(rig.goal({"network": port})).plan if change.plugin == "network"]
    assert rig.driver.refusal(change, rig.driver.observe()) == (
        "There cannot be two of network: it listens on one port."
    )


def test_without_a_daemon_there_is_nothing_to_replace(host: Host, rig: Rig) -> None:
    rig.kill()
    assert "plugin.load" in rig.driver.offer().missing
    with pytest.raises(exception.Busy):
        rig.driver.apply(rig.order(rig.goal({"memory": MEMORY})))
    assert not processes(host)


def test_the_silence_of_the_new_one_is_a_start_that_failed(host: Host, rig: Rig) -> None:
    """And none of the daemon, which might have done what it was asked."""
    driver = rig.driver
    assert isinstance(driver, ReplaceDriver)
    succession = beside(host, rig.goal({"cpu": CPU}))
    error = exception.RequestTimeout("collectd did not answer reads in time", maybe_executed=True)
    eventually(lambda: driver._why(error, succession) is error)
    with frozen(succession.new.pid):
        why = driver._why(error, succession)
    assert isinstance(why, exception.DaemonNotStarted)
    assert why.detail.endswith(error.detail)
    assert succession.take_back()


@pytest.mark.parametrize("told", [False, True])
def test_the_next_agent_ends_one_that_was_not_handed_to(host: Host, rig: Rig, told: bool) -> None:
    """Not even if it was told what is its own, where the old one was not: that writes the same."""
    before = rig.reach(rig.goal({"memory": MEMORY})).running
    succession = beside(host, rig.goal({"cpu": CPU}))
    if told:
        moment = time.time() + 5
        succession.wire.call(
            "output_set", {"mode": output.SINCE, "other": before.pid, "moments": {}, "otherwise": moment}
        )
    recovered = rig.another().recover()
    assert recovered.running.pid == before.pid
    assert f"{succession.new.pid} was ended" in " ".join(recovered.notes)
    assert set(recovered.running.plugins) >= {"memory"}
    goes_on(host, before.pid)


def test_the_next_agent_goes_on_where_the_old_one_was_to_write_no_more(host: Host, rig: Rig) -> None:
    """What thresholds had found is carried over by it as well: no alarm is raised again."""
    given = sections.read({sections.THRESHOLDS: FULL})
    rig.reach(rig.goal({"memory": MEMORY}, sections=given))
    eventually(lambda: failures(rig) == 1)
    old, goal = the_only(host), rig.goal({"memory": MEMORY, "cpu": CPU}, sections=given)
    succession = beside(host, goal)
    eventually(lambda: all(names(wire, "memory") for wire in (host.collectd.wire, succession.wire)))
    Parting(host.collectd.wire, old.pid, succession.wire, succession.new.pid).part()
    recovered = rig.another().recover()
    assert recovered.running.pid == succession.new.pid == the_only(host).pid
    assert recovered.replaced
    (note,) = recovered.notes
    assert note.endswith(f"{succession.new.pid} was to take the place of {old.pid}: it has; {old.pid} was ended.")
    assert not plan.plan(recovered.running, goal)
    assert managed.marker_in(host.collectd.files.read() or "").generation == "epoch/7"
    writes(host, "memory")
    writes(host, "cpu")
    assert failures(rig) == 1


def names(wire: WireClient, plugin: str) -> list[str]:
    return [name for name in samples(wire) if f"/{plugin}/" in name]


def failures(rig: Rig) -> int:
    rows = rig.driver.notifications(Position("", 0), 1000, 0.0).rows
    return sum(row.severity == "failure" for row in rows)


def test_the_new_one_takes_over_by_itself_when_the_old_one_is_killed(host: Host, rig: Rig) -> None:
    rig.reach(rig.goal({"memory": MEMORY}))
    goal = rig.goal({"cpu": CPU})
    succession = beside(host, goal)
    old = the_old(host, succession)
    old.signal(signal.SIGKILL)
    eventually(lambda: answers(host, succession.new.pid))
    writes(host, "cpu")
    assert rig.another().recover().running.pid == the_only(host).pid == succession.new.pid
    assert not plan.plan(rig.driver.observe(), goal)


@pytest.mark.parametrize("moment", [0.0, 0.5, 1.5])
def test_where_the_old_one_is_killed_on_the_way_the_new_one_is_the_daemon(host: Host, rig: Rig, moment: float) -> None:
    old = rig.reach(rig.goal({"memory": MEMORY, "cpu": CPU})).running.pid
    goal = rig.goal({"memory": MEMORY, "cpu": OTHERWISE})
    killer = threading.Thread(target=kill, args=(host, old, moment))
    killer.start()
    applied = rig.driver.apply(rig.order(goal))
    killer.join()
    assert applied.replaced
    assert not plan.plan(applied.running, goal)
    assert the_only(host).pid == applied.running.pid
    # It was not taken for the other one, which was to take no operation any more.
    host.collectd.wire.call("output_drain")
    host.collectd.wire.call("output_free")
    writes(host, "memory")


def kill(host: Host, old: int | None, moment: float) -> None:
    """Some time after there is a second one."""
    eventually(lambda: len(processes(host)) == 2)
    time.sleep(moment)
    for found in processes(host):
        if found.pid == old:
            found.signal(signal.SIGKILL)


def answers(host: Host, pid: int) -> bool:
    try:
        return bool(host.collectd.wire.hello()["pid"] == pid)
    except exception.DaemonUnreachable:
        return False


def test_the_old_one_writes_again_when_the_new_one_is_killed(host: Host, rig: Rig) -> None:
    before = rig.reach(rig.goal({"memory": MEMORY})).running
    succession = beside(host, rig.goal({"memory": MEMORY, "cpu": CPU}))
    eventually(lambda: names(succession.wire, "memory"))
    parting = Parting(host.collectd.wire, the_old(host, succession).pid, succession.wire, succession.new.pid)
    last = parting.part()
    eventually(lambda: time.time() > last)
    host.collectd.wire.call("output_drain")
    count = written(host, "memory")
    newest = rig.newest("memory")
    eventually(lambda: rig.newest("memory") > newest)
    assert written(host, "memory") == count
    succession.new.signal(signal.SIGKILL)
    writes(host, "memory")
    assert "on may be missing" in (parting.hole() or "")
    assert the_only(host).pid == before.pid


def test_a_value_waits_for_the_end_of_what_the_old_one_has_to_write(host: Host, rig: Rig) -> None:
    rig.reach(rig.goal({"memory": MEMORY}))
    old = the_only(host)
    succession = beside(host, rig.goal({"cpu": CPU}))
    moment = time.time() + 1
    succession.wire.call("output_set", {"mode": output.SINCE, "other": old.pid, "moments": {}, "otherwise": moment})
    eventually(lambda: time.time() > moment + 3 * FAST)
    assert not written(host, "cpu")
    succession.wire.call("output_open")
    writes(host, "cpu")
    assert succession.take_back()


def test_it_is_never_too_late_to_part_without_anybody_knowing(host: Host, rig: Rig) -> None:
    rig.reach(rig.goal({"memory": MEMORY}))
    asked = {"mode": output.UNTIL, "other": the_only(host).pid, "otherwise": time.time() + 100}
    with pytest.raises(exception.Busy):
        host.collectd.wire.call("output_set", {**asked, "moments": {"a/b/c": time.time()}})
    assert mode(host) == output.PASS
    host.collectd.wire.call("output_free")
    writes(host, "memory")


def test_its_file_is_gone_with_the_process(host: Host, rig: Rig, files: Callable[[], list[Path]]) -> None:
    rig.reach(rig.goal({"cpu": CPU}))
    first = files()
    rig.reach(rig.goal({"cpu": OTHERWISE}))
    assert len(first) == len(files()) == 1
    assert first != files()
    assert files()[0].stat().st_mode & 0o777 == 0o600


class LaunchedUnseen(ChildDaemon):
    def launch(self, config_file: str) -> Process:
        super().launch(config_file)
        raise exception.DaemonNotStarted("It took too long.", messages=[])


def test_nothing_of_one_that_came_to_nothing_is_left(host: Host, files: Callable[[], list[Path]]) -> None:
    """Here one that was started all the same, which the driver was told nothing of."""
    rig = host.rig()
    assert isinstance(rig.driver, ReplaceDriver)
    before = rig.reach(rig.goal({"memory": MEMORY})).running
    theirs = files()
    rig.driver._collectd.daemon = LaunchedUnseen(host.settings)
    rig.refuses(rig.order(rig.goal({"cpu": CPU})), exception.DaemonNotStarted)
    eventually(lambda: len(processes(host)) == 1)
    assert the_only(host).pid == before.pid
    assert files() == theirs


class Watched(ChildDaemon):
    """Which is watched over by somebody who takes no other process for it."""

    def entrust(self, process: Process) -> None:
        raise exception.DaemonNotStarted(f"{process.pid} is not taken.", messages=[])


def test_the_old_one_goes_on_where_the_new_one_is_not_taken_for_the_daemon(host: Host, rig: Rig) -> None:
    """Though it has begun to write."""
    assert isinstance(rig.driver, ReplaceDriver)
    before = rig.reach(rig.goal({"memory": MEMORY})).running
    rig.driver._collectd.daemon = Watched(host.settings)
    error = rig.refuses(rig.order(rig.goal({"memory": MEMORY, "cpu": CPU})), exception.DaemonNotStarted)
    assert "is not taken." in error.detail
    goes_on(host, before.pid)


class Doomed(ChildDaemon):
    """Somebody kills it, and the new one beside it, as soon as that has started."""

    def messages(self) -> tuple[str, ...]:
        for each in self.launched().values():
            for one in filter(None, [self.find(), each]):
                one.signal(signal.SIGKILL)
                assert one.wait(PATIENCE)
        return super().messages()


def test_where_both_are_killed_one_is_started_as_before_and_that_is_told(host: Host, rig: Rig) -> None:
    assert isinstance(rig.driver, ReplaceDriver)
    before = rig.reach(rig.goal({"memory": MEMORY})).running
    rig.driver._collectd.daemon = Doomed(host.settings)
    with pytest.raises(exception.DaemonUnreachable) as raised:
        rig.driver.apply(rig.order(rig.goal({"memory": MEMORY, "cpu": CPU})))
    cost = "Both had ended, and collectd was started with the configuration before."
    why, found, rest = raised.value.detail.partition(cost)
    assert ("[Errno " in why, why[-2:], found, rest) == (True, ". ", cost, "")
    running = rig.driver.observe()
    assert (running.pid, running.pid != before.pid, "cpu" in running.plugins) == (the_only(host).pid, True, False)


def test_the_next_agent_tells_what_that_may_have_cost(host: Host, rig: Rig) -> None:
    rig.reach(rig.goal({"memory": MEMORY}))
    old, succession = the_only(host), beside(host, rig.goal({"memory": MEMORY}))
    Parting(host.collectd.wire, old.pid, succession.wire, succession.new.pid).part()
    another = rig.another()
    assert isinstance(another, ReplaceDriver)
    another._collectd.daemon = Watched(host.settings)
    (note,) = another.recover().notes
    assert f"{succession.new.pid} was ended, {old.pid} goes on. Some of what was sampled" in note
    goes_on(host, old.pid)


def test_one_that_the_kernel_does_not_let_end_is_outlived() -> None:
    with real_host(lambda settings: replacing(replace(settings, stop_timeout=1.0))) as host:
        rig = host.rig()
        rig.reach(rig.goal({"memory": MEMORY}))
        old = the_only(host)
        with held(reader(old.pid)):
            applied = rig.reach(rig.goal({"memory": MEMORY, "cpu": CPU}))
            assert [line for line in applied.warnings if f"collectd {old.pid} was killed, and is there yet" in line]
            assert old.alive()
            assert host.collectd.daemon.find() != old
            goes_on(host, applied.running.pid)
            before = written(host, "cpu")
            assert rig.another().recover().running.pid == applied.running.pid
            eventually(lambda: written(host, "cpu") > before)
        assert old.wait(PATIENCE)
        goes_on(host, applied.running.pid)
        assert not twice(series(csv(host)), FAST)


def test_so_it_is_where_the_agent_was_killed_meanwhile(host: Host, rig: Rig) -> None:
    rig.reach(rig.goal({"memory": MEMORY}))
    old, succession = the_only(host), beside(host, rig.goal({"memory": MEMORY}))
    parting = succession.parting()
    parting.finish(parting.part())
    with held(reader(old.pid)):
        another = replacing(replace(host.settings, stop_timeout=1.0))
        host.exits.callback(another.close)
        (note,) = another.recover().notes
        assert f"collectd {old.pid} was killed, and is there yet" in note
        goes_on(host, succession.new.pid)
    assert old.wait(PATIENCE)


@pytest.fixture
def files(host: Host) -> Callable[[], list[Path]]:
    return lambda: list(Path(host.settings.state_dir, instance.INSTANCES).glob("*.conf"))
