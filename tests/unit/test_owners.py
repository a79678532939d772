# SPDX-License-Identifier: Apache-2.0
"""What Ansible and Puppet are given restarts collectd when there is something for it to import, and not before."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import yaml

from collectd_mgr.drivers import bundle

ROOT = Path(__file__).parents[2]
SNIPPET = ROOT / "etc/collectd/collectd-mgr.conf"


def test_ansibles_handlers_wait_for_the_extension() -> None:
    (play,) = yaml.safe_load((ROOT / "etc/ansible/collectd-mgr-agent.yml").read_text())
    in_order = ["Restart the agent", "Wait for the extension", "Restart collectd"]
    assert [handler["name"] for handler in play["handlers"]] == in_order
    (adds,) = [task for task in play["tasks"] if "Restart collectd" in task.get("notify", ())]
    assert adds["notify"] == in_order[1:]
    waits = play["handlers"][1]["ansible.builtin.wait_for"]["path"]
    (pattern,) = re.findall(r"regex_search\('(.+?)',", waits)
    assert re.findall(pattern, SNIPPET.read_text()) == [bundle.module_path("/var/lib/collectd-mgr")]


def test_puppets_collectd_comes_after_the_extension(tmp_path: Path) -> None:
    text = (ROOT / "etc/puppet/collectd_mgr_agent.pp").read_text()
    chain = re.findall(r"^    (?:-> )?(service|exec) \{ '(.+)':", text, re.MULTILINE)
    assert chain == [("service", "collectd-mgr-agent"), ("exec", "the extension is there"), ("service", "collectd")]

    (there,) = re.findall(r'^  \$there = "(.+)"$', text, re.MULTILINE)
    snippet, state = tmp_path / "zz.conf", tmp_path / "a state"
    snippet.write_text(SNIPPET.read_text().replace("/var/lib/collectd-mgr", str(state)))
    command = ["sh", "-c", there.replace("${snippet}", str(snippet))]
    assert subprocess.run(command, check=False).returncode != 0
    Path(bundle.module_path(str(state))).mkdir(parents=True)
    assert subprocess.run(command, check=False).returncode == 0


def test_the_unit_runs_the_agent_that_was_configured() -> None:
    """A drop-in sets aside the path of the shipped unit."""
    (play,) = yaml.safe_load((ROOT / "etc/ansible/collectd-mgr-agent.yml").read_text())
    copies = [task["ansible.builtin.copy"] for task in play["tasks"] if "ansible.builtin.copy" in task]
    (ansibles,) = [copy for copy in copies if copy["dest"].endswith("/collectd-mgr-agent.service.d/paths.conf")]
    start = "[Service]\nExecStart=\nExecStart={} --config-file {}\n"
    assert ansibles["content"] == start.format("{{ collectd_mgr_agent }}", "{{ collectd_mgr_conf }}")
    text = (ROOT / "etc/puppet/collectd_mgr_agent.pp").read_text().replace("\\n", "\n")
    assert f'content => "{start.format("${agent}", "${conf}")}"' in text
