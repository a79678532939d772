# SPDX-License-Identifier: Apache-2.0
"""What a process says of itself on demand, in processes of their own: it is about signals and lasting threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import eventually

_SERVICE = """
import signal, sys
from oslo_config import cfg
from collectd_mgr.cmd import stopping
from collectd_mgr.conf import reports

conf = cfg.ConfigOpts()
reports.register_options(conf)
conf.register_opts([cfg.StrOpt("key", secret=True), cfg.StrOpt("address")])
conf(sys.argv[1:], project="collectd-mgr", prog="service", version="1.2.3", default_config_files=[])
conf.set_override("key", "s3cret")
conf.set_override("address", "http://user:hidden@example.org/")
asked = stopping.Asked()
reports.setup(conf, by_signal=not conf.oslo_reports.file_event_handler)
print("ready", flush=True)
asked.wait()
"""


@pytest.mark.parametrize("by_signal", [True, False])
def test_it_is_written_when_asked_for(by_signal: bool, tmp_path: Path) -> None:
    """By a signal, or by the touch of a file where signals are a server's."""
    file, config = tmp_path / "touched", tmp_path / "conf"
    file.touch()
    os.utime(file, (0, 0))
    handler = "" if by_signal else f"file_event_handler = {file}\n"
    config.write_text(f"[oslo_reports]\nlog_dir = {tmp_path}\n{handler}")
    with subprocess.Popen(
        [sys.executable, "-c", _SERVICE, "--config-file", str(config)], stdout=subprocess.PIPE, text=True
    ) as service:
        try:
            assert service.stdout is not None
            assert service.stdout.readline() == "ready\n"
            assert not list(tmp_path.glob("service_gurumeditation_*"))
            if by_signal:
                service.send_signal(signal.SIGUSR2)

            def written() -> bool:
                if not by_signal:
                    os.utime(file)
                return any(path.stat().st_size for path in tmp_path.glob("service_gurumeditation_*"))

            eventually(written)
            service.terminate()
            assert service.wait() == 0
        finally:
            service.kill()
    text = "".join(path.read_text() for path in tmp_path.glob("service_gurumeditation_*"))
    for part in ("product = collectd_mgr", "version = 1.2.3", " in ", "@example.org"):
        assert part in text
    assert "s3cret" not in text
    assert "hidden" not in text
