# SPDX-License-Identifier: Apache-2.0
"""What the extension refuses, with the error that names the reason; and the daemon goes on."""

from __future__ import annotations

import resource
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.testing.collectd import PLUGINS, ScratchCollectd
from tests.waiting import Eventually

HERE = Path(__file__).parent


def started(compiled: dict[str, Path]) -> ScratchCollectd:
    own = [compiled["unloadable"], compiled["failing"]]
    return ScratchCollectd(
        ("load", "uptime"), interval=0.2, own_plugins=own, modules=["raw_config"], module_path=HERE / "entries"
    )


@pytest.fixture
def collectd(compiled: dict[str, Path]) -> Iterator[ScratchCollectd]:
    with started(compiled) as collectd:
        yield collectd
        assert collectd.stop() == 0


@pytest.fixture(scope="module")
def steady(compiled: dict[str, Path]) -> Iterator[ScratchCollectd]:
    """For tests that change nothing: each says so at its end."""
    with started(compiled) as collectd:
        before = collectd.call("status")["plugins"]
        yield collectd
        assert collectd.call("status")["plugins"] == before
        assert collectd.stop() == 0


def refused(collectd: ScratchCollectd, method: str, **params: Any) -> exception.CollectdMgrError:
    with pytest.raises(exception.CollectdMgrError) as error:
        collectd.call(method, **params)
    return error.value


@pytest.mark.parametrize("plugin", ["python", "Python", "perl", "threshold", "collectd_mgr"])
@pytest.mark.parametrize("method", ["plugin_enable", "plugin_disable", "plugin_restart", "plugin_interval"])
def test_never_live(steady: ScratchCollectd, method: str, plugin: str) -> None:
    error = refused(steady, method, plugin=plugin)
    assert (error.code, error.kwargs["reason_code"]) == ("live_refused", "never")


@pytest.mark.parametrize("plugin", ["", " ", "../cpu", "cpu\n", 'cpu"', "a" * 100])
def test_bad_names(steady: ScratchCollectd, plugin: str) -> None:
    before = steady.call("status")["plugins"]
    assert refused(steady, "plugin_disable", plugin=plugin).code == "bad_plugin_name"
    assert refused(steady, "plugin_enable", plugin=plugin).code == "bad_plugin_name"
    assert steady.call("status")["plugins"] == before


def test_other_callbacks_than_a_read(steady: ScratchCollectd) -> None:
    """To register csv or logfile again would free callbacks under the threads that use them."""
    for method in ("plugin_disable", "plugin_enable"):
        for plugin in ("csv", "logfile"):
            error = refused(steady, method, plugin=plugin)
            assert (error.code, error.kwargs["reason_code"]) == ("live_refused", "other_callbacks")


def test_not_installed_and_not_loadable(steady: ScratchCollectd) -> None:
    assert refused(steady, "plugin_enable", plugin="nosuch").kwargs["message"] == "not installed"
    error = refused(steady, "plugin_enable", plugin="unloadable")
    assert error.code == "plugin_not_loadable"
    assert "function_that_nobody_has" in error.kwargs["message"]
    assert "unloadable" not in steady.call("status")["plugins"]


def test_a_first_load_may_be_forbidden(steady: ScratchCollectd) -> None:
    error = refused(steady, "plugin_enable", plugin="memory", first_load_allowed=False)
    assert error.kwargs["reason_code"] == "first_load"
    assert "memory" not in steady.call("status")["plugins"]


def test_a_changed_configuration(collectd: ScratchCollectd) -> None:
    collectd.call("plugin_enable", plugin="memory", config_digest="d1")
    assert (
        refused(collectd, "plugin_enable", plugin="memory", config_digest="d2").kwargs["reason_code"]
        == "config_changed"
    )
    error = refused(collectd, "plugin_enable", plugin="load", config_digest="d1")
    assert error.kwargs["reason_code"] == "owned_by_host_config"


@pytest.mark.parametrize(
    "text",
    [
        "<Plugin cpu>\n</Plugin>",
        "LoadPlugin cpu",
        'Include "/etc/passwd"',
        "Interval 1",
        '<Plugin memory>\n ValuesAbsolute true\n</Plugin>\nTypesDB "/x"',
        "<Plugin memory other>\n ValuesAbsolute true\n</Plugin>",
    ],
)
def test_only_blocks_of_the_plugin_itself(steady: ScratchCollectd, text: str) -> None:
    assert refused(steady, "plugin_enable", plugin="memory", config_text=text).code == "bad_config"
    assert "memory" not in steady.call("status")["plugins"]


def test_collectds_own_message_when_it_rejects(collectd: ScratchCollectd) -> None:
    text = "<Plugin irq>\n IgnoreSelected true\n NoSuchOption 1\n</Plugin>"
    error = refused(collectd, "plugin_enable", plugin="irq", config_text=text)
    assert error.code == "config_rejected"
    assert any("NoSuchOption" in message for message in error.kwargs["messages"])
    observed = collectd.call("status")["plugins"]["irq"]
    assert (observed["loaded"], observed["registered"]) == (True, False)
    again = refused(collectd, "plugin_enable", plugin="irq")
    assert again.kwargs["reason_code"] == "config_rejected"
    assert collectd.call("plugin_enable", plugin="users")["registered"]


def test_collectds_own_message_when_it_only_complains(collectd: ScratchCollectd) -> None:
    text = "<Plugin memory>\n NoSuchOption 1\n</Plugin>"
    observed = collectd.call("plugin_enable", plugin="memory", config_text=text)
    assert observed["registered"]
    assert any("NoSuchOption" in message for message in observed["messages"])


def test_an_init_that_fails(collectd: ScratchCollectd) -> None:
    error = refused(collectd, "plugin_enable", plugin="failing")
    assert error.code == "config_rejected"
    assert any("no such hardware here" in message for message in error.kwargs["messages"])
    assert not collectd.call("status")["plugins"]["failing"]["registered"]
    collectd.call("plugin_enable", plugin="users")
    assert collectd.log_text.count("no such hardware here") == 1  # Its init was not called again.
    # collectd has long started: what it complains of now is no part of that.
    assert "no such hardware here" not in str(collectd.call("status")["start_messages"])


def test_a_file_that_is_newer_than_the_daemon(collectd: ScratchCollectd) -> None:
    time.sleep(0.3)
    shutil.copy(f"{PLUGINS}/memory.so", collectd.directory / "plugins" / "memory.so")
    error = refused(collectd, "plugin_enable", plugin="memory")
    assert (error.code, error.kwargs["reason_code"]) == ("live_refused", "binary_replaced")


def test_a_loaded_file_that_was_replaced_switches_live_off(collectd: ScratchCollectd, eventually: Eventually) -> None:
    path = collectd.directory / "plugins" / "load.so"
    path.unlink()
    shutil.copy(f"{PLUGINS}/load.so", path)
    status = collectd.call("status")
    assert (status["binary_replaced"], status["live"]["on"]) == (True, False)
    error = refused(collectd, "plugin_disable", plugin="uptime")
    assert error.code == "live_off"
    assert "load" in error.kwargs["reasons"][0]
    eventually(lambda: collectd.call("values_get", plugin="uptime")["names"])


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("plugin_enable", {"plugin": "memory", "interval": 0}),
        ("plugin_enable", {"plugin": "memory", "interval": -1}),
        ("plugin_enable", {"plugin": "memory", "interval": "1"}),
        ("plugin_enable", {"plugin": 7}),
        ("plugin_enable", {"plugin": "memory", "no_such_parameter": 1}),
        ("no_such_method", {}),
        ("values_get", {"match": "("}),
        ("values_get", {"match": r"(a)\1"}),
        ("values_get", {"match": "a{1,600}"}),
        ("values_get", {"match": "^[0-9a-f]*a[0-9a-f-]{30}x"}),
        ("values_get", {"limit": 0}),
    ],
)
def test_bad_requests(steady: ScratchCollectd, method: str, params: dict[str, Any]) -> None:
    assert refused(steady, method, **params).code == "bad_request"


SYNTAX_ERROR = "<Plugin memory>\n ValuesAbsolute true\n</Memory>\nLoadPlugin users\n"


def test_the_rest_of_a_syntax_error_is_not_executed_later(collectd: ScratchCollectd) -> None:
    assert refused(collectd, "plugin_enable", plugin="memory", config_text=SYNTAX_ERROR).code == "bad_grammar"
    assert collectd.call("plugin_enable", plugin="swap")["registered"]
    assert "users" not in collectd.call("status")["plugins"]
    assert collectd.call("status")["live"]["on"]


def test_without_a_parser_of_our_own_it_would_be(collectd: ScratchCollectd) -> None:
    broken = collectd.directory / "broken.conf"
    broken.write_text(SYNTAX_ERROR)
    collectd.call("flush", plugin="python.raw_config", identifier=str(broken))
    collectd.call("flush", plugin="python.raw_config", identifier="/dev/null")
    fine = collectd.directory / "fine.conf"
    fine.write_text('TypesDB "/dev/null"\n')
    collectd.call("flush", plugin="python.raw_config", identifier=str(fine))
    assert "users" in collectd.call("status")["plugins"]


def test_after_a_syntax_error_in_collectd_itself_live_is_off(collectd: ScratchCollectd) -> None:
    """What somebody else's broken file left in its parser spoils our fragment; what that leaves, nobody knows."""
    broken = collectd.directory / "broken.conf"
    broken.write_text("<Plugin memory>\n ValuesAbsolute true\n</Memory>\n<Broken>\n")
    collectd.call("flush", plugin="python.raw_config", identifier=str(broken))
    collectd.call("flush", plugin="python.raw_config", identifier="/dev/null")
    assert refused(collectd, "plugin_enable", plugin="swap").code == "config_rejected"
    live = collectd.call("status")["live"]
    assert not live["on"]
    assert "parser" in live["reasons"][0]
    assert refused(collectd, "plugin_disable", plugin="load").code == "live_off"


def test_a_fragment_that_cannot_be_written_whole_is_not_read(collectd: ScratchCollectd) -> None:
    """What was cut off would be a syntax error, and what never was configured is not taken for it."""
    text, limit = '<Plugin df>\n MountPoint "/"\n</Plugin>', (40, resource.RLIM_INFINITY)
    before = resource.prlimit(collectd.pid, resource.RLIMIT_FSIZE, limit)
    error = refused(collectd, "plugin_enable", plugin="df", config_text=text, config_digest="d1")
    resource.prlimit(collectd.pid, resource.RLIMIT_FSIZE, before)
    assert error.code == "internal_error"
    assert collectd.call("status")["live"]["on"]
    again = refused(collectd, "plugin_enable", plugin="df", config_text=text, config_digest="d1")
    assert again.kwargs["reason_code"] == "config_rejected"
    assert not collectd.call("status")["plugins"]["df"]["registered"]
    assert collectd.call("plugin_enable", plugin="memory")["registered"]
