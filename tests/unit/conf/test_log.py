# SPDX-License-Identifier: Apache-2.0
"""No line of a log has a secret in it, neither in what we write nor in what oslo.log adds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import logging
from collectd_mgr.cmd import configuration
configuration.load(["--debug", "--config-file", "/dev/null"], "test")
log = logging.getLogger("somebody")
log.debug('Password "hunter2"')
try:
    raise RuntimeError("failed: https://me:hunter2@example.org/")
except RuntimeError:
    log.warning("It failed.")
    log.exception("It failed.")
"""


def test_secrets_are_masked_whoever_writes_them() -> None:
    """In a process of its own: setting up a log changes the whole process."""
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    lines = said.stdout + said.stderr
    assert lines.count("RuntimeError: failed: https://********@example.org/") >= 2
    assert 'Password "********"' in lines
    assert "hunter2" not in lines


@pytest.mark.parametrize(("given", "name"), [([], "collectd-mgr-api.log"), (["--log-file", "mine.log"], "mine.log")])
def test_a_file_is_called_after_the_service_whatever_program_runs_it(
    given: list[str], name: str, tmp_path: Path
) -> None:
    arguments = ["--config-file", "/dev/null", "--log-dir", str(tmp_path), *given]
    program = f"from collectd_mgr.cmd import configuration; configuration.load({arguments!r}, 'collectd-mgr-api')"
    program += "; import logging; logging.getLogger('somebody').warning('here')"
    subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert [(file.name, "here" in file.read_text()) for file in tmp_path.iterdir()] == [(name, True)]
