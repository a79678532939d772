# SPDX-License-Identifier: Apache-2.0
"""Verdicts of the real collectd on configurations, without a collectd that runs."""

from __future__ import annotations

import resource
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import grammar, safety, types_db
from collectd_mgr.domain.spec import PluginGoal
from collectd_mgr.drivers.installation import Installation
from collectd_mgr.drivers.scratch import Scratch
from collectd_mgr.drivers.validation import Validation
from collectd_mgr.testing.suite.rigs import settings_in


@pytest.fixture
def validation(tmp_path: Path) -> Validation:
    return Validation(settings_in(tmp_path))


def verdicts(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "state" / "verdicts").glob("*"))


@pytest.mark.parametrize(
    ("plugin", "config"),
    [
        ("cpu", {"ReportByCpu": False}),
        ("df", {"FSType": ["rootfs", "tmpfs"], "IgnoreSelected": True}),
        ("processes", {"Process": "collectd", "ProcessMatch": {"args": ["all", "coll.*"]}}),
        ("tcpconns", {"LocalPort": ["22", "80"]}),
    ],
)
def test_what_collectd_takes_is_accepted_and_remembered(
    validation: Validation, tmp_path: Path, plugin: str, config: Any
) -> None:
    """What a read warns of is the machine's: a process that ended meanwhile, a mount that is gone."""
    validation.check(plugin, PluginGoal(True, config=config))
    assert len(verdicts(tmp_path)) == 1
    assert validation.check(plugin, PluginGoal(True, config=config)) == ()


@pytest.mark.parametrize(
    ("plugin", "config", "message"),
    [
        ("cpu", {"NoSuchOption": 1}, "NoSuchOption"),
        ("tcpconns", {"LocalPort": "not a port"}, "Invalid port"),
        ("table", {"Table": {"args": "/proc/loadavg"}}, "separator"),
        ("turbostat", None, "Initialization of plugin `turbostat' failed"),
    ],
)
def test_what_it_does_not_take_is_rejected_in_its_own_words(
    validation: Validation, tmp_path: Path, plugin: str, config: Any, message: str
) -> None:
    with pytest.raises(exception.ConfigRejected, match=message) as raised:
        validation.check(plugin, PluginGoal(True, config=config))
    assert any(message in line for line in raised.value.kwargs["messages"])
    assert verdicts(tmp_path) == []


def test_a_service_that_is_not_there_yet_is_a_warning(validation: Validation) -> None:
    config = {"Database": {"args": "x", "Host": "127.0.0.1", "Port": 1}}
    assert any("Failed to connect" in line for line in validation.check("mysql", PluginGoal(True, config=config)))


def test_what_was_not_there_is_not_told_again_when_it_is(validation: Validation, tmp_path: Path) -> None:
    """A verdict is remembered for what is wrong in the configuration, not in the world of then."""
    goal = PluginGoal(True, config=table(tmp_path / "figures", "gauge"))
    assert any("figures" in line for line in validation.check("table", goal))
    (tmp_path / "figures").write_text("a 1\n")
    assert validation.check("table", goal) == ()


def test_the_operators_own_types_are_known(validation: Validation, tmp_path: Path) -> None:
    goal = PluginGoal(True, config=table(tmp_path / "figures", "our_figures"))
    (tmp_path / "figures").write_text("a 1\n")
    own = tmp_path / "types.db"
    own.write_text("our_figures value:GAUGE:U:U\nload value:GAUGE:U:U\nnone of them value:NONE:U:U\n")
    # One may be there in a container only; it is the operator's affair, as is what they replace.
    Path(settings_in(tmp_path).config_file).write_text(f'TypesDB "{types_db.DEFAULT}" "/nowhere" "{own}"\n')
    assert validation.check("table", goal) == ()


def table(file: Path, type_: str) -> dict[str, Any]:
    result = {"Type": type_, "InstancesFrom": 0, "ValuesFrom": 1}
    return {"Table": {"args": str(file), "Separator": " ", "Result": result}}


def test_one_that_is_safe_live_needs_no_run_without_a_config(validation: Validation, tmp_path: Path) -> None:
    assert validation.check("memory", PluginGoal(True, interval=1.0)) == ()
    assert verdicts(tmp_path) == []


@pytest.mark.parametrize("plugin", [row.plugin for row in safety.table().values() if row.wants_config])
def test_one_that_reads_what_its_configuration_names_wants_one(validation: Validation, plugin: str) -> None:
    with pytest.raises(exception.ConfigRejected, match="it has none"):
        validation.check(plugin, PluginGoal(True))


def test_one_that_would_disturb_the_running_daemon_is_checked_by_grammar_alone(
    validation: Validation, tmp_path: Path
) -> None:
    """Where unixsock ran, it would have made this socket, or deleted the one of the daemon that runs."""
    socket = tmp_path / "socket"
    socket.touch()
    config = {"SocketFile": str(socket), "DeleteSocket": True, "NoSuchOption": 1}
    assert validation.check("unixsock", PluginGoal(True, config=config)) == ()
    assert socket.exists()
    with pytest.raises(exception.BadConfig):
        validation.check("unixsock", PluginGoal(True, config={"Two words": 1}))


def test_nothing_of_a_scratch_run_is_left(validation: Validation, tmp_path: Path) -> None:
    scratch = tmp_path / "state" / "scratch"
    validation.check("cpu", PluginGoal(True, config={"ReportByCpu": False}))
    assert list(scratch.iterdir()) == []
    assert stat.S_IMODE(scratch.stat().st_mode) == 0o700
    (scratch / "of a killed agent").mkdir()
    validation.clear()
    assert not scratch.exists()


class TestWhatItTakesOfTheMachine:
    """By expressions that the agent itself would not let so far."""

    @pytest.fixture
    def scratch(self, tmp_path: Path) -> Scratch:
        settings = settings_in(tmp_path)
        return Scratch(settings.binary, settings.plugin_dir, tmp_path / "scratch")

    @pytest.fixture
    def _stack_without_end(self) -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_STACK)
        resource.setrlimit(resource.RLIMIT_STACK, (before[1], before[1]))
        yield
        resource.setrlimit(resource.RLIMIT_STACK, before)

    def test_so_much_memory_is_an_error(self, scratch: Scratch) -> None:
        outcome = scratch.run("df", '<Plugin df>\n MountPoint "/((a{1,80}){1,80}){1,80}/"\n</Plugin>\n')
        assert outcome.errors == ("collectd took more than 256 MiB of memory with this configuration",)

    def test_a_whole_configuration_is_the_operators_own(self, scratch: Scratch) -> None:
        text = 'LoadPlugin df\n<Plugin df>\n MountPoint "/((a{1,80}){1,80}){1,80}/"\n</Plugin>\n'
        assert scratch.refusal(grammar.parse(text)) == ()

    @pytest.mark.usefixtures("_stack_without_end")
    def test_its_stack_is_that_of_a_daemon_whatever_the_agent_has(self, scratch: Scratch) -> None:
        deep = f"{'(' * 15000}a{')' * 15000}"
        outcome = scratch.run("processes", f'<Plugin processes>\n ProcessMatch "x" "{deep}"\n</Plugin>\n')
        assert outcome.errors == ("collectd died of signal 11 (SIGSEGV)",)


class TestAWholeConfiguration:
    """Of a host: global options, chains, what a second instance must not run, and paths that are another one's."""

    @pytest.fixture
    def installation(self, tmp_path: Path) -> Installation:
        return Installation(settings_in(tmp_path))

    @staticmethod
    def text(place: Path, more: str = "") -> str:
        return f"""
            Hostname "cn1.example.org"
            FQDNLookup true
            BaseDir "{place}/base"
            PIDFile "{place}/pid"
            Interval 10
            ReadThreads 2
            AutoLoadPlugin true
            LoadPlugin logfile
            <Plugin logfile>
              File "{place}/live.log"
            </Plugin>
            LoadPlugin csv
            <Plugin csv>
              DataDir "{place}/csv"
            </Plugin>
            LoadPlugin unixsock
            <Plugin unixsock>
              SocketFile "{place}/live.sock"
              DeleteSocket true
            </Plugin>
            LoadPlugin load
            LoadPlugin match_regex
            <Chain "Mine">
              <Rule>
                <Match regex>
                  Plugin "^load$"
                </Match>
                Target "stop"
              </Rule>
              Target "write"
            </Chain>
            PostCacheChain "Mine"
            {more}
        """

    def test_one_that_starts_is_accepted_and_touches_nothing(self, installation: Installation, tmp_path: Path) -> None:
        (tmp_path / "live.sock").touch()
        installation.check_start(grammar.parse(self.text(tmp_path)))
        assert {path.name for path in tmp_path.iterdir()} == {"state", "live.sock"}
        assert len(verdicts(tmp_path)) == 1
        installation.check_start(grammar.parse(self.text(tmp_path)))

    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ("LoadPlugin nosuch", "nosuch"),
            ("Timeout 1", "imeout"),
            ('<Chain "Other">\n<Rule>\n<Match nosuch>\n</Match>\nTarget "stop"\n</Rule>\n</Chain>', "nosuch"),
            ("LoadPlugin df\n<Plugin df>\nNope 1\n</Plugin>", "Nope"),
        ],
    )
    def test_one_that_does_not_start_is_rejected(
        self, installation: Installation, tmp_path: Path, more: str, message: str
    ) -> None:
        with pytest.raises(exception.ConfigRejected, match="does not start") as raised:
            installation.check_start(grammar.parse(self.text(tmp_path, more)))
        assert any(message in line for line in raised.value.kwargs["messages"])
        assert verdicts(tmp_path) == []

    def test_what_does_not_keep_it_from_starting_is_no_matter(self, installation: Installation, tmp_path: Path) -> None:
        installation.check_start(grammar.parse(self.text(tmp_path, "LoadPlugin turbostat\nNoSuchOption 1")))
