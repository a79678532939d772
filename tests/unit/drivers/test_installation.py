# SPDX-License-Identifier: Apache-2.0
"""Whether a whole configuration starts, of which the agent sees less than the real collectd."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.domain import grammar
from collectd_mgr.domain.plan import Plan
from collectd_mgr.domain.spec import Goal
from collectd_mgr.drivers.base import Order
from collectd_mgr.drivers.candidate import Candidates
from collectd_mgr.drivers.installation import Installation
from collectd_mgr.testing.suite.rigs import settings_in
from tests.unit.drivers.test_packages import library

#: Starts with nothing but what each trial has, and with what it was made to take; refuses the rest.
COLLECTD = """#!/bin/sh
for conf; do :; done
echo "[info] $0" > "${conf%/*}/log"
grep -Eiq '^LoadPlugin .?(java|oracle|virt)|^broken' "$conf" && { echo "it does not start"; exit 1; }
echo "[info] Exiting normally." >> "${conf%/*}/log"
"""


def installation(tmp_path: Path, program: str = COLLECTD) -> Installation:
    plugins, binary = tmp_path / "plugins", tmp_path / "collectd"
    plugins.mkdir()
    for name in ("logfile", "memory"):
        library(plugins, name)
    for name in ("java", "oracle", "virt"):
        library(plugins, name, library(tmp_path, f"lib{name}"))
    binary.write_text(program)
    binary.chmod(0o755)
    return Installation(dataclasses.replace(settings_in(tmp_path), binary=str(binary), plugin_dir=str(plugins)))


@pytest.mark.parametrize("plugin", ["java", "oracle", "virt"])
def test_a_library_that_only_the_real_one_finds_is_no_fault(tmp_path: Path, plugin: str) -> None:
    found = installation(tmp_path)
    assert [each.plugin for each in found.packages.installed() if not each.loadable] == ["java", "oracle", "virt"]
    found.check_start(grammar.parse(f"LoadPlugin memory\nLoadPlugin {plugin}\n"))


@pytest.mark.parametrize("text", ["LoadPlugin exec\n", "broken 1\n"])
def test_what_is_not_there_or_not_taken_is(tmp_path: Path, text: str) -> None:
    with pytest.raises(exception.ConfigRejected):
        installation(tmp_path).check_start(grammar.parse(text))


def test_where_none_starts_nothing_is_known(tmp_path: Path) -> None:
    installation(tmp_path, "#!/bin/sh\necho denied\nexit 1\n").check_start(grammar.parse("LoadPlugin memory\n"))


def test_what_the_one_that_runs_has_started_with_is_not_tried(tmp_path: Path) -> None:
    settings = installation(tmp_path).settings
    Path(settings.managed_dir).mkdir(parents=True, exist_ok=True)
    (Path(settings.managed_dir) / "managed.conf").write_text("LoadPlugin memory\n")
    conf = Path(settings.config_file)
    conf.write_text(f'Include "{settings.managed_dir}/*.conf"\nbroken 1\n')
    order, text = Order(Goal(), Plan()), "LoadPlugin memory\n"
    Candidates(settings).check_start(order, text, time.time() + 10)
    with pytest.raises(exception.ConfigRejected):
        Candidates(settings).check_start(order, text, conf.stat().st_ctime)
