# SPDX-License-Identifier: Apache-2.0
"""A collectd's command line is understood as collectd's own getopt does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from collectd_mgr.drivers import command_line

DEFAULT = "/etc/collectd/collectd.conf"


@pytest.mark.parametrize(
    ("options", "file"),
    [
        ("", DEFAULT),
        ("-f", DEFAULT),
        ("-C /a", "/a"),
        ("-C/a", "/a"),
        ("-f -C /a -P /b", "/a"),
        ("-P /b -fBC /a", "/a"),
        ("-fC/a", "/a"),
        ("-f -P /b/-C", DEFAULT),
    ],
)
def test_a_daemon_reads_what_it_was_told_to(options: str, file: str) -> None:
    words = ["/usr/sbin/collectd", *options.split()]
    assert (command_line.is_daemon(words), command_line.config_file(words)) == (True, file)


@pytest.mark.parametrize("options", ["-h", "-t", "-t -C /a", "-tC/a", "-T -f -C /a", "-fTC /a"])
def test_one_that_only_says_or_tests_something_is_no_daemon(options: str) -> None:
    assert not command_line.is_daemon(["collectd", *options.split()])


@pytest.mark.parametrize("form", ["-T -f -C {}", "-TfC {}", "-TfC{}", "-T -f -C{}", "-fBTC {}"])
def test_collectd_takes_them_so(form: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.conf"
    file.write_text("<Plugin")
    words = form.format(file).split()
    said = subprocess.run(["collectd", *words], capture_output=True, text=True, check=False)
    assert said.returncode != 0
    assert str(file) in said.stdout + said.stderr
    assert command_line.config_file(words) == str(file)
