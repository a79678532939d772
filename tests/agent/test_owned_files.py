# SPDX-License-Identifier: Apache-2.0
"""Ansible and Puppet own collectd's files and the agent's configuration, and what is managed is left alone."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.drivers.snippet import snippet
from tests.agent.agent_host import ROOT, AgentHost, enabled
from tests.services.rabbitmq import RabbitMQ

AGENT = Path(sys.executable).parent / "collectd-mgr-agent"

Sections = Mapping[str, Mapping[str, str]]


def ansible(host: AgentHost, included: Path, options: Sections, url: str) -> bool:
    """Carry the playbook out; whether it changed anything. The first time it is asked beforehand, and says so."""
    foreseen = host.file.exists() or _played(host, included, options, url, "--check")
    return _played(host, included, options, url) and foreseen


def _played(host: AgentHost, included: Path, options: Sections, url: str, *how: str) -> bool:
    told = {
        "collectd_mgr_agent": str(AGENT),
        "collectd_mgr_conf": str(host.file),
        "collectd_mgr_options": options,
        "collectd_mgr_transport_url": url,
        "collectd_conf_dir": str(included),
        "collectd_mgr_units": False,
    }
    playbook = ROOT / "etc/ansible/collectd-mgr-agent.yml"
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", json.dumps(told), str(playbook), *how]
    env = {**os.environ, "HOME": str(host.directory), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert url not in done.stdout
    return "changed=0 " not in done.stdout


def puppet(host: AgentHost, included: Path, options: Sections, url: str) -> bool:
    """Apply the class beside one that purges the directory, as modules for collectd do; whether it changed anything."""
    manifest = host.directory / "site.pp"
    values: dict[str, object] = {"transport_url": url, "options": options, "agent": str(AGENT), "conf": str(host.file)}
    values |= {"collectd_conf_dir": str(included), "units": False}
    told = "".join(f"  {name} => {_puppets(value)},\n" for name, value in values.items())
    purged = f"file {{ '{included}': ensure => directory, purge => true, recurse => true }}\n"
    shipped = (ROOT / "etc/puppet/collectd_mgr_agent.pp").read_text()
    manifest.write_text(f"{shipped}{purged}class {{ 'collectd_mgr_agent':\n{told}}}\n")
    command = ["puppet", "apply", "--detailed-exitcodes", "--vardir", str(host.directory / "puppet")]
    command += ["--confdir", str(host.directory / "puppet-conf"), str(manifest)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode in (0, 2), done.stdout + done.stderr
    assert url not in done.stdout
    return done.returncode == 2


def _puppets(value: object) -> str:
    """As Puppet writes it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"'{name}' => {_puppets(each)}" for name, each in value.items()) + "}"
    return str(value).lower() if isinstance(value, bool) else f"'{value}'"


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url, daemon="attached") as host:
        yield host


@pytest.mark.parametrize("tool", [ansible, puppet])
def test_each_owns_its_own(
    tool: Callable[[AgentHost, Path, Sections, str], bool], host: AgentHost, rabbitmq: RabbitMQ
) -> None:
    included, conf = host.directory / "collectd.conf.d", Path(host.settings.config_file)
    included.mkdir()
    (included / "stranger.conf").write_text("LoadPlugin swap\n")
    conf.write_text(conf.read_text().replace(snippet(host.settings), f'Include "{included}/*.conf"\n'))
    options = configparser.ConfigParser(interpolation=None)
    options.read(host.file)
    host.file.unlink()
    sections = {name: dict(options[name]) for name in options.sections()}

    assert tool(host, included, sections, rabbitmq.url)

    assert host.file.stat().st_mode & 0o777 == 0o600
    assert (included / "stranger.conf").exists() is (tool is ansible)
    host.start()
    host.daemon.start()
    host.until(lambda: host.status().daemon["pid"])
    pid, spec = host.pid, HostSpec(Generation("e", 1), (Layer(HOST, {"memory": PluginSetting(True, 1.0)}),))
    assert enabled(host.apply(spec)) == {"memory"}
    before = host.managed()
    assert "memory" in before

    assert not tool(host, included, sections, rabbitmq.url)

    assert (host.managed(), host.pid, enabled(host.status())) == (before, pid, {"memory"})
