# SPDX-License-Identifier: Apache-2.0
"""Every program of ours, with a configuration that is none: one sentence, and 2."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path

import pytest

from collectd_mgr.cmd import configuration
from tests.forks import Forks, Said

#: What each is asked to do; those that are not named take no more than their files.
_ASKED = {"collectd-mgr-status": ("upgrade", "check"), "collectd-mgr-manage": ("db", "version")}

_SCRIPTS = metadata.distribution(configuration.PROJECT).entry_points.select(group="console_scripts")

#: So much that nothing but the mistake is wrong.
_REST = """
[database]
connection = sqlite://
[secrets]
fernet_keys = MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=
[agent]
state_dir = {directory}/state
[collectd]
socket = {directory}/collectd.sock
"""


@pytest.fixture(scope="module")
def forks() -> Forks:
    return Forks("collectd-mgr", *(script.module for script in _SCRIPTS))


@pytest.fixture(params=_SCRIPTS, ids=lambda script: script.name)
def script(request: pytest.FixtureRequest) -> metadata.EntryPoint:
    found: metadata.EntryPoint = request.param
    return found


def run(forks: Forks, name: str, *arguments: str) -> Said:
    [script] = _SCRIPTS.select(name=name)
    return forks.run(script.module, (*arguments, *_ASKED.get(name, ())), os.environ)


def said(forks: Forks, name: str, *arguments: str) -> Said:
    done = run(forks, name, *arguments)
    assert (done.code, "Traceback" in done.out + done.err) == (2, False), done
    return done


def test_a_file_that_is_not_there(script: metadata.EntryPoint, forks: Forks) -> None:
    done = said(forks, script.name, "--config-file", "/nowhere/typo.conf")
    assert done.err == f"{script.name}: Failed to find some config files: /nowhere/typo.conf\n"


@pytest.mark.parametrize("text", [b"[database\n", b"nothing of the kind\n", b"\xf7\xff", None])
def test_a_file_that_cannot_be_read(
    text: bytes | None, script: metadata.EntryPoint, forks: Forks, tmp_path: Path
) -> None:
    file = tmp_path / "wrong.conf"
    file.mkdir() if text is None else file.write_bytes(text)
    done = said(forks, script.name, "--config-file", str(file))
    assert done.err.startswith(f"{script.name}: ")


@pytest.mark.parametrize("line", ["debug = maybe", "use_syslog = maybe"])
def test_a_file_with_a_bad_value_of_an_option_of_the_command_line(
    line: str, script: metadata.EntryPoint, forks: Forks, tmp_path: Path
) -> None:
    """oslo.config looks at these first, and in a way of its own."""
    file = tmp_path / "wrong.conf"
    file.write_text(f"[DEFAULT]\n{line}\n")
    done = said(forks, script.name, "--config-file", str(file))
    assert (len(done.err.splitlines()), line.partition(" ")[0] in done.err, "maybe" in done.err) == (1, True, True)


def test_what_the_command_line_itself_ends_is_as_ever(script: metadata.EntryPoint, forks: Forks) -> None:
    assert run(forks, script.name, "--help").code == 0
    assert "--no-such-option" in said(forks, script.name, "--no-such-option").err


@pytest.mark.parametrize(
    ("name", "text", "about"),
    [
        ("collectd-mgr-agent", "[agent]\nheartbeat_interval = -3", "heartbeat_interval"),
        ("collectd-mgr-agent", "[DEFAULT]\ntransport_url = nothing://x", "transport_url names no bus"),
        ("collectd-mgr-agent", "[DEFAULT]\nlog_file = /nowhere/agent.log", "/nowhere/agent.log"),
        ("collectd-mgr-agent", "[DEFAULT]\nlog_config_append = /nowhere/log", "/nowhere/log"),
        ("collectd-mgr-agent", "[agent]\ndrivers = liv", "The driver 'liv' of [agent] drivers"),
        ("collectd-mgr-agent", "[clock]\nsources = chronny", "The time source 'chronny' of [clock] sources"),
        ("collectd-mgr-conductor", "[conductor]\ncall_timeout = long", "call_timeout"),
        ("collectd-mgr-conductor", "[DEFAULT]\ntransport_url = hunter2", "transport_url names no bus"),
        ("collectd-mgr-conductor", "[DEFAULT]\ntransport_url = rabbit://u:hunter2/2@x", "transport_url names no bus"),
        ("collectd-mgr-conductor", "[DEFAULT]\ntransport_url = rabbit://u:p@[::1/", "transport_url names no bus"),
        ("collectd-mgr-conductor", "[secrets]\nfernet_keys =", "[secrets] fernet_keys"),
        ("collectd-mgr-conductor", "[secrets]\nkey_file = /nowhere/keys", "/nowhere/keys"),
        ("collectd-mgr-conductor", "[database]\nconnection =", "[database] connection"),
        ("collectd-mgr-conductor", "[database]\nconnection = nosql://u:hunter2@x", "[database] connection"),
        ("collectd-mgr-conductor", "[database]\nconnection = mysql://u:hunter2@x", "[database] connection"),
        ("collectd-mgr-conductor", "[database]\nconnection = sqlite://u:hunter2/x", "[database] connection"),
        ("collectd-mgr-manage", "[database]\nconnection = nosql://u:hunter2@x", "[database] connection"),
        ("collectd-mgr-manage", "[secrets]\nkey_file = /nowhere/keys", "/nowhere/keys"),
        ("collectd-mgr-standalone", "[conductor]\ncall_timeout = long", "call_timeout"),
        ("collectd-mgr-standalone", "[DEFAULT]\nport = 99999999", "port"),
        ("collectd-mgr-standalone", "[DEFAULT]\nstop_collectd = maybe", "stop_collectd"),
        ("collectd-mgr-standalone", "[agent]\ndrivers = liv", "The driver 'liv' of [agent] drivers"),
        ("collectd-mgr-standalone", "[clock]\nsources = chronny", "The time source 'chronny' of [clock] sources"),
    ],
)
def test_a_value_that_is_none(name: str, text: str, about: str, forks: Forks, tmp_path: Path) -> None:
    """Found before anything is started, not at the first request or heartbeat."""
    wrong, rest = tmp_path / "wrong.conf", tmp_path / "rest.conf"
    rest.write_text(_REST.format(directory=tmp_path))
    wrong.write_text(text)
    more = ("--state-dir", str(tmp_path)) if name == "collectd-mgr-standalone" else ()
    done = said(forks, name, "--config-file", str(rest), "--config-file", str(wrong), *more)
    assert (about in done.err, "hunter2" in done.err) == (True, False), done.err
