# SPDX-License-Identifier: Apache-2.0
"""The logs of the services are rotated by the real logrotate, with the file that is shipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "etc/logrotate.d/collectd-mgr"

#: Logs a line for each that it is given.
_SERVICE = """
import logging, sys
from collectd_mgr.cmd import configuration
configuration.load(["--config-file", "/dev/null", "--log-file", sys.argv[1]], "test")
for line in sys.stdin:
    logging.getLogger("somebody").warning("line %s", line.strip())
    print("written", flush=True)
"""


def test_a_service_goes_on_in_the_new_file(tmp_path: Path) -> None:
    logs = tmp_path / "log"
    logs.mkdir(mode=0o755)
    log, rules = logs / "test.log", tmp_path / "rules"
    rules.write_text(SHIPPED.read_text().replace("/var/log/collectd-mgr", str(logs)))
    rules.chmod(0o644)
    command = [sys.executable, "-c", _SERVICE, str(log)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as service:
        assert service.stdin is not None
        assert service.stdout is not None
        for number in range(3):
            service.stdin.write(f"{number}\n")
            service.stdin.flush()
            assert service.stdout.readline() == "written\n"
            if number == 0:
                os.chmod(log, 0o600)
            if number < 2:
                rotate(tmp_path / "state", rules)
        service.stdin.close()
    assert service.returncode == 0
    assert [("line 0" in text, "line 1" in text) for text in zipped(logs, "test.log.2.gz")] == [(True, False)]
    assert "line 1" in (logs / "test.log.1").read_text()
    assert "line 2" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def rotate(state: Path, rules: Path) -> None:
    env = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    command = ["logrotate", "--force", "--state", str(state), str(rules)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=env)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def zipped(logs: Path, name: str) -> list[str]:
    return [subprocess.run(["zcat", str(logs / name)], check=True, capture_output=True, text=True).stdout]
