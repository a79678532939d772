# SPDX-License-Identifier: Apache-2.0
"""Who of two collectds writes what, from when they are parted until the old one has ended."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain.plan import REPLACE_DAEMON, Change, Plan
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.base import Order
from collectd_mgr.drivers.parting import samples
from collectd_mgr.drivers.process import Process
from collectd_mgr.drivers.succession import Succession
from collectd_mgr.testing.suite.rig import FAST
from collectd_mgr.testing.suite.rigs import Host, real_host
from collectd_mgr.wire.client import WireClient
from tests.collectd.beside import beside
from tests.collectd.replacing import replacing
from tests.collectd.samples import Series, series
from tests.collectd.unixsock import asks, own_socket, put
from tests.freezing import frozen
from tests.waiting import PATIENCE, eventually

#: Where collectd itself looks for plugins.
PLUGINS = "/usr/lib/collectd"

SLOW = """
Timeout 10000
PluginDir "{directory}"
<LoadPlugin entropy>
  Interval {interval}
</LoadPlugin>
PluginDir "{plugins}"
"""

#: Has a collectd read another plugin.
SOON = {"plugin": "memory", "interval": FAST, "first_load_allowed": True}


class Pair:
    """A collectd and another one that is to take its place, which know when."""

    def __init__(self, host: Host, *plugins: str) -> None:
        self.host = host
        old = host.collectd.daemon.find()
        assert old is not None
        self.old: Process = old
        theirs = {name: PluginGoal(True, origin="host") for name in plugins}
        self.next: Succession = beside(host, host.rig().goal(theirs))
        self.parting = self.next.parting()

    @property
    def directory(self) -> Path:
        return Path(self.host.settings.config_file).parent

    def by(self, process: Process, since: float) -> dict[str, int]:
        """How many samples csv has of what this one of the two has read since, by metric of the plugin ``entropy``."""
        found = series(self.directory / "csv")
        names = {how: f"{self.host.settings.host}/entropy/gauge-{how}" for how in ("at_once", "slowly")}
        return {how: _by(found[name], process.pid, since) for how, name in names.items() if name in found}


def _by(each: Series, pid: int, since: float) -> int:
    """The time in the file is rounded, to a millisecond."""
    return sum(pid == by and moment > since + 0.001 for moment, (by,) in zip(each.times, each.values, strict=True))


@pytest.fixture
def host(compiled: dict[str, Path], tmp_path: Path) -> Iterator[Host]:
    """It reads the plugin ``slow`` alone."""
    shutil.copy2(compiled["slow"], tmp_path / "entropy.so")
    with real_host(replacing, SLOW.format(directory=tmp_path, interval=FAST, plugins=PLUGINS)) as found:
        eventually(lambda: slow_ones(found.collectd.wire) == 2)
        yield found


def slow_ones(wire: WireClient) -> int:
    """How many of the two metrics are in the cache."""
    return sum("/entropy/" in name for name in samples(wire))


def test_the_old_one_writes_nothing_again_while_it_ends(host: Host) -> None:
    """Where a read of it is in flight, and a flush, for which it waits and goes on to read meanwhile."""
    slow = Pair(host, "entropy")
    hold = slow.directory / "hold"
    eventually(lambda: slow_ones(slow.next.wire) == 2)
    last = slow.parting.part()
    with ExitStack() as stack:
        hold.touch()
        stack.callback(hold.unlink)
        assert slow.parting.finish(last) == ()
        eventually((slow.directory / f"held-{slow.old.pid}").exists)
        slow.old.signal(signal.SIGTERM)
        eventually(lambda: ends(slow.host))
        since = time.time()
        eventually(lambda: has_read(slow.host, since))
    assert slow.old.wait(PATIENCE)
    eventually(lambda: sum(map(bool, slow.by(slow.next.new, last).values())) == 2)
    assert slow.by(slow.old, last) == {"at_once": 0, "slowly": 0}


def test_what_the_new_one_is_yet_to_read_it_writes_while_the_old_one_ends(host: Host) -> None:
    """Which reads nothing then: it may wait for a read in flight for long, and here it hangs."""
    hold = Path(host.settings.config_file).parent / "hold"
    with ExitStack() as stack:
        hold.touch()
        stack.callback(hold.unlink, missing_ok=True)
        slow = Pair(host, "entropy")
        eventually(lambda: slow_ones(slow.next.wire) == 1 and (slow.directory / f"held-{slow.next.new.pid}").exists())
        last = slow.parting.part()
        assert slow.parting.finish(last) == ()
        with frozen(slow.old.pid):
            hold.unlink()
            eventually(lambda: slow.by(slow.next.new, last).get("slowly"))
    slow.old.signal(signal.SIGTERM)
    assert slow.old.wait(PATIENCE)
    assert slow.by(slow.old, last) == {"at_once": 0, "slowly": 0}


def test_what_is_put_into_the_old_one_alone_is_written_as_long_as_it_takes_it(tmp_path: Path) -> None:
    with real_host(replacing, own_socket(tmp_path)) as host:
        eventually(lambda: asks(tmp_path / "s"))
        name = f"{host.settings.host}/once/gauge-x"
        put(tmp_path / "s", name, 1)
        eventually(lambda: values(host, name) == [1])
        pair = Pair(host, "unixsock")
        pair.parting.finish(pair.parting.part())
        put(tmp_path / "s", name, 2)
        eventually(lambda: values(host, name) == [1, 2])
        # Neither had that.
        late = f"{host.settings.host}/late/gauge-x"
        put(tmp_path / "s", late, 3)
        eventually(lambda: values(host, late) == [3])


def test_what_the_new_one_begins_to_give_later_is_not_written_twice() -> None:
    """It is the old one's until that has ended, which had it first."""
    with real_host(replacing) as host:
        name = f"{host.settings.host}/memory/memory-used"
        host.collectd.wire.call("plugin_enable", SOON)
        eventually(lambda: values(host, name))
        pair = Pair(host)
        pair.parting.finish(last := pair.parting.part())
        with frozen(pair.old.pid):
            before = len(values(host, name))
            pair.next.wire.call("plugin_enable", SOON)
            eventually(lambda: samples(pair.next.wire).get(name, (0.0, 0.0))[0] > last + 4 * FAST)
            pair.next.wire.call("output_drain")
            assert len(values(host, name)) == before
        pair.old.signal(signal.SIGTERM)
        assert pair.old.wait(PATIENCE)
        before = len(values(host, name))
        eventually(lambda: len(values(host, name)) > before)


#: Two metrics, for as long as there is the file; and an alarm where one is missing.
SHORT = """
Interval 0.5
Timeout 8
LoadPlugin table
<Plugin table>
  <Table "{directory}/there">
    Plugin "mine"
    Separator " "
    <Result>
      Type "gauge"
      InstancesFrom 0
      ValuesFrom 1
    </Result>
  </Table>
</Plugin>
LoadPlugin threshold
<Plugin threshold>
  <Plugin "mine">
    <Type "gauge">
      FailureMax 5
    </Type>
  </Plugin>
</Plugin>
"""


#: Another one where one of these is missing.
OF_MEMORY = """
<Plugin threshold>
  <Plugin "memory">
    <Type "memory">
      FailureMin 0
    </Type>
  </Plugin>
</Plugin>
"""


@pytest.fixture
def short(tmp_path: Path) -> Iterator[Pair]:
    (tmp_path / "there").write_text("a 1\nb 2\n")
    with real_host(replacing, SHORT.format(directory=tmp_path)) as host:
        pair = Pair(host, "table", "threshold")
        eventually(lambda: mine(host.collectd.wire) == mine(pair.next.wire) == 2)
        yield pair


def mine(wire: WireClient) -> int:
    """How many of the two metrics are in the cache."""
    return sum("/mine-" in name for name in samples(wire))


def alarms(wire: WireClient) -> int:
    """How many were raised that one is missing."""
    rows = wire.call("notifications_read", {"stream": "", "after": 0, "limit": 1000})["rows"]
    return sum("has not been updated" in row["message"] for row in rows)


def test_that_a_metric_is_missing_is_said_by_one_of_the_two(short: Pair, tmp_path: Path) -> None:
    old, new = short.host.collectd.wire, short.next.wire
    # A stall may have raised some already.
    before = alarms(old)
    (tmp_path / "there").unlink()
    eventually(lambda: alarms(old) >= before + 2 and mine(old) == mine(new) == 0)
    short.parting.finish(short.parting.part())
    assert alarms(new) == 0


def test_by_the_new_one_where_the_old_one_did_not(short: Pair, tmp_path: Path) -> None:
    new = short.next.wire
    with frozen(short.old.pid):
        (tmp_path / "there").unlink()
        eventually(lambda: mine(new) == 0)
        assert alarms(new) == 0
        short.old.signal(signal.SIGKILL)
    eventually(lambda: alarms(new) == 2)


def test_what_is_silent_when_the_new_one_comes_is_missed_by_that(tmp_path: Path) -> None:
    """Which never had it; but for what it is not to miss."""
    (tmp_path / "there").write_text("a 1\nb 2\n")
    with real_host(replacing, SHORT.replace("Timeout 8", "Timeout 30").format(directory=tmp_path)) as host:
        eventually(lambda: mine(host.collectd.wire) == 2)
        (tmp_path / "there").unlink()
        pair = Pair(host, "table", "threshold")
        pair.next.hand_over(lambda name: name.endswith("-a"))
        eventually(lambda: alarms(host.collectd.wire))
        assert alarms(host.collectd.wire) == 1


def test_what_was_taken_off_before_is_missed_by_nobody(tmp_path: Path) -> None:
    """As it is in the old one's cache yet; what is configured as before is missed by the new one."""
    (tmp_path / "there").write_text("a 1\nb 2\n")
    off, more = f"<LoadPlugin memory>\n  Interval {FAST}\n</LoadPlugin>\n", SHORT.replace("Timeout 8", "Timeout 30")
    with real_host(replacing, off + more.format(directory=tmp_path) + OF_MEMORY) as host:
        conf, wire, rig = Path(host.settings.config_file), host.collectd.wire, host.rig()
        eventually(lambda: mine(wire) == 2 and any("/memory/" in name for name in samples(wire)))
        conf.write_text(conf.read_text().replace(off, ""))
        (tmp_path / "there").write_text("a 1\n")
        table = PluginGoal(True, config={"Table": {"args": "there", "Plugin": "mine"}}, origin="host")
        threshold = PluginGoal(True, origin="host")
        goal = rig.goal({"table": table, "threshold": threshold}, daemon_replacements=1)
        rig.driver.apply(Order(goal, Plan((Change(REPLACE_DAEMON),))))
        # Its time is over later.
        eventually(lambda: alarms(wire))
        assert alarms(wire) == 1


def test_what_the_old_one_has_missed_is_not_missed_again_by_one_that_has_it_yet(tmp_path: Path) -> None:
    (tmp_path / "there").write_text("a 1\nb 2\n")
    with real_host(replacing, SHORT.format(directory=tmp_path)) as host:
        conf, wire = Path(host.settings.config_file), host.collectd.wire
        conf.write_text(conf.read_text().replace("Timeout 8", "Timeout 30"))
        pair = Pair(host, "table", "threshold")
        eventually(lambda: mine(wire) == mine(pair.next.wire) == 2)
        pair.next.samples()
        # A stall may have raised some already.
        before = alarms(wire)
        (tmp_path / "there").unlink()
        eventually(lambda: alarms(wire) >= before + 2 and mine(wire) == 0)
        said = alarms(wire)
        pair.next.hand_over()
        eventually(lambda: mine(wire) == 0)
        assert alarms(wire) == said


def values(host: Host, metric: str) -> list[float]:
    """What csv has of it."""
    found = series(Path(host.settings.config_file).parent / "csv").get(metric)
    return [] if found is None else [value for (value,) in found.values]


def ends(host: Host) -> bool:
    """Whether this collectd takes no operation any more."""
    try:
        host.collectd.wire.call("notification_send", {"severity": "okay", "message": "Is it there?"})
    except exception.CollectdMgrError:
        return True
    return False


def has_read(host: Host, since: float) -> bool:
    """Whether it has read on, or is gone."""
    try:
        return any(moment > since for moment, _ in samples(host.collectd.wire).values())
    except exception.CollectdMgrError:
        return True
