# SPDX-License-Identifier: Apache-2.0
"""No line of a log has a secret in it, neither in what we write nor in what oslo.log adds."""

from __future__ import annotations

import subprocess
import sys

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
