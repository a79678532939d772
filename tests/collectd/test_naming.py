# SPDX-License-Identifier: Apache-2.0
"""Whose values are whose: a plugin that is renamed has values, and one does not have those of another host."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collectd_mgr.agent.freshness import Sweep
from collectd_mgr.agent.picture import Picture
from collectd_mgr.agent.reach import Reach
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.suite.rigs import Host, real_host
from tests.collectd.parts import Parts
from tests.services.place import free_port
from tests.waiting import eventually


@contextmanager
def counting(directory: Path, name: str, more: str = "") -> Iterator[Seen]:
    """A host whose operator has collectd count the files of ``directory``, as metrics of the plugin ``name``."""
    own = f'<LoadPlugin filecount>\n  Interval 1\n</LoadPlugin>\n<Plugin filecount>\n  <Directory "{directory}">\n'
    own += f'    Plugin "{name}"\n    Instance "x"\n  </Directory>\n</Plugin>\n{more}'
    with real_host(LiveDriver, own) as host:
        yield Seen(host, Parts(host))


class Seen:
    """What the agent would say of the plugins."""

    def __init__(self, host: Host, parts: Parts) -> None:
        ladder = Ladder([host.driver()])
        reach = Reach(lambda: parts.state.goal(None), lambda: 1.0)
        self.sweep = Sweep(ladder, lambda: True, host.settings.state_dir, reach)
        #: Seconds that pass between a look at the cache and the picture.
        self.age = 0.0
        self._picture = Picture(host.settings.host, parts.state, ladder, self.sweep, 1, lambda: time.time() + self.age)

    def health(self, plugin: str) -> str:
        self.sweep.refresh()
        return self.taken(plugin)

    def taken(self, plugin: str) -> str:
        """Without a look at the cache."""
        return self._picture.take().plugins[plugin].health


def test_one_that_is_renamed_is_observed(tmp_path: Path) -> None:
    with counting(tmp_path, "mails") as seen:
        eventually(lambda: seen.health("filecount") == "observed")


def test_one_is_not_silent_for_the_time_since_the_cache_was_looked_at(tmp_path: Path) -> None:
    """The answer to a change does not look at it, and a plugin may be read ten times between two looks."""
    with counting(tmp_path, "mails") as seen:
        eventually(lambda: seen.health("filecount") == "observed")
        seen.age = 1000.0
        assert seen.taken("filecount") == "observed"


def test_how_collectd_calls_its_host_is_known_before_the_first_look_and_after_its_end() -> None:
    """It is started after the agent, and values of other hosts are none of its own whenever they are told."""
    with real_host(LiveDriver) as host:
        sweep = Seen(host, Parts(host)).sweep
        name = host.collectd.status()["hostname"]
        assert name
        assert sweep.called() == name
        sweep.refresh()
        host.kill()
        sweep.refresh()
        assert sweep.called() == name


def test_values_of_another_host_are_none_of_ours(tmp_path: Path) -> None:
    """The other one counts files, and ours has no directory to count them in."""
    port = free_port()  # Below those that the kernel gives to others.
    listen = f'LoadPlugin network\n<Plugin network>\n  Listen "127.0.0.1" "{port}"\n</Plugin>'
    theirs = f'<Plugin network>\n  Server "127.0.0.1" "{port}"\n</Plugin>\n'
    theirs += f'<Plugin filecount>\n  <Directory "{tmp_path}">\n    Instance "x"\n  </Directory>\n</Plugin>'
    with (
        counting(tmp_path / "nowhere", "filecount", listen) as seen,
        ScratchCollectd(["network", "filecount"], interval=0.5, config=theirs),
    ):
        eventually(lambda: seen.health("filecount") and "filecount" in seen.sweep.seen)
        assert seen.health("filecount") in ("registered", "silent")
