# SPDX-License-Identifier: Apache-2.0
"""The units under etc/ are ones that systemd takes, and have the paths of the configuration's defaults."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from collectd_mgr.cmd import agent, configuration

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "etc/systemd").glob("*.service"))


def section(unit: Path, name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return parser[name]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_takes_it(unit: Path, tmp_path: Path) -> None:
    """The program and the user are those of an installation, which there is none of here."""
    text = unit.read_text().replace("/opt/collectd-mgr/bin/", "/bin/true ").replace("User=collectd-mgr", "User=root")
    copy = tmp_path / unit.name
    copy.write_text(text)
    more = unit.with_name(f"{unit.name}.d")
    if more.exists():
        shutil.copytree(more, tmp_path / more.name)
    answer = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    said = [line for line in answer.stderr.splitlines() if unit.name in line]
    assert (answer.returncode, said) == (0, [])


def test_the_agents_directories_are_the_defaults() -> None:
    daemon = agent.settings(configuration.load(["--config-file", "/dev/null"], "test")).daemon
    service = section(ROOT / "etc/systemd/collectd-mgr-agent.service", "Service")
    assert str(Path(daemon.socket).parent) == f"/run/{service['RuntimeDirectory']}"
    # The agent makes that one itself: systemd would set its mode back at each start.
    assert "StateDirectory" not in service
    assert (service["RuntimeDirectoryPreserve"], service["KillMode"]) == ("yes", "process")
    tmpfiles = (ROOT / "etc/tmpfiles.d/collectd-mgr.conf").read_text().splitlines()[-1].split()
    assert tmpfiles[:5] == ["d", str(Path(daemon.socket).parent), "0700", "root", "root"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_what_the_pages_have_them_write_they_may_write(unit: Path) -> None:
    """With ``ProtectSystem=strict`` that is what systemd makes for them, and nothing else."""
    service = section(unit, "Service")
    rotated = (ROOT / "etc/logrotate.d/collectd-mgr").read_text()
    assert "\n/var/log/collectd-mgr/*.log {\n" in rotated
    lock_path = "lock_path = /run/collectd-mgr-locks\n"
    assert lock_path in (ROOT / "doc/source/admin/bus.rst").read_text()
    if service.get("ProtectSystem") == "strict":
        assert service["LogsDirectory"] == "collectd-mgr"
        assert lock_path == f"lock_path = /run/{service['RuntimeDirectory']}\n"
    else:
        assert "User" not in service, "root writes where it likes"
        assert service["ExecStartPre"].endswith(" /var/log/collectd-mgr")
        assert "LogsDirectory" not in service, "systemd would give it to root, with what others have in it"


def test_the_apis_server_has_its_control_socket_where_it_may_write() -> None:
    service = section(ROOT / "etc/systemd/collectd-mgr-api.service", "Service")
    assert Path(service["ExecStart"].split()[0]).name == "gunicorn"
    assert service["Environment"] == f"XDG_RUNTIME_DIR=%t/{service['RuntimeDirectory']}"


def test_every_program_is_one_that_is_installed() -> None:
    programs = [Path(section(unit, "Service")["ExecStart"].split()[0]).name for unit in UNITS]
    # gunicorn is the deployment's own choice of a server.
    for program in set(programs) - {"gunicorn"}:
        assert (Path(sys.executable).parent / program).exists()
