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
conf.register_opts([cfg.StrOpt("key", secret=True), cfg.StrOpt("address"), cfg.BoolOpt("by_signal")])
conf(sys.argv[1:], project="collectd-mgr", prog="service", version="1.2.3", default_config_files=[])
conf.set_override("key", "s3cret")
conf.set_override("address", "http://user:hidden@example.org/")
asked = stopping.Asked()
reports.setup(conf, by_signal=conf.by_signal)
print("ready", flush=True)
asked.wait()
"""


#: Of a report, from its beginning to its end.
_PARTS = ("product = collectd_mgr", "version = 1.2.3", " in ", "@example.org")


def reports(directory: Path) -> str:
    return "".join(path.read_text() for path in directory.glob("service_gurumeditation_*"))


@pytest.mark.parametrize(
    ("by_signal", "file"), [(True, None), (True, "there"), (True, "missing"), (False, "there"), (False, "missing")]
)
def test_it_is_written_when_asked_for(by_signal: bool, file: str | None, tmp_path: Path) -> None:
    """By a signal, whatever file is named for others; by the touch of that where signals are a server's."""
    config, watched = tmp_path / "conf", tmp_path / "watched"
    if file == "there":
        watched.touch()
        os.utime(watched, (0, 0))
    handler = f"file_event_handler = {watched}\n" if file else ""
    config.write_text(f"[DEFAULT]\nby_signal = {by_signal}\n[oslo_reports]\nlog_dir = {tmp_path}\n{handler}")
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
                """All of it: a service that ends waits for no report."""
                if not by_signal:
                    os.utime(watched)
                return all(part in reports(tmp_path) for part in _PARTS)

            eventually(written)
            service.terminate()
            assert service.wait() == 0
        finally:
            service.kill()
    text = reports(tmp_path)
    assert "s3cret" not in text
    assert "hidden" not in text


@pytest.mark.parametrize("file", [None, "nowhere/watched"])
def test_a_process_that_cannot_be_asked_goes_on(file: str | None, tmp_path: Path) -> None:
    config = tmp_path / "conf"
    handler = f"file_event_handler = {tmp_path / file}\n" if file else ""
    config.write_text(f"[DEFAULT]\nby_signal = false\n[oslo_reports]\n{handler}")
    command = [sys.executable, "-c", _SERVICE, "--config-file", str(config)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout is not None
            assert service.stdout.readline() == "ready\n"
            service.terminate()
            _, said = service.communicate()
            assert (service.returncode, "No report will be written" in said) == (0, bool(file))
        finally:
            service.kill()
