# SPDX-License-Identifier: Apache-2.0
"""collectd-mgr-manage and collectd-mgr-status, as an operator runs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from collectd_mgr.db import schema
from collectd_mgr.rpc.keys import public_half


def run(program: str, *arguments: str) -> tuple[int, str]:
    """In a process of its own: setting up a log changes the whole process."""
    code = f"import sys; from collectd_mgr.cmd.{program} import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.fixture
def options(tmp_path: Path) -> list[str]:
    _, key = run("manage", "secrets", "new")
    config = tmp_path / "collectd-mgr.conf"
    config.write_text(f"[database]\nconnection = sqlite:///{tmp_path}/state.db\n[secrets]\nfernet_keys = {key}")
    return ["--config-file", str(config)]


def test_the_way_of_a_database(options: list[str]) -> None:
    commands = (["db", "version"], ["db", "sync"], ["db", "sync"], ["db", "version"], ["secrets", "rotate"])
    said = [run("manage", *options, *words) for words in commands]
    assert said == [(0, "none\n"), (0, ""), (0, ""), (0, f"{schema.head()}\n"), (0, "0 generations\n")]


def test_the_upgrade_check(options: list[str]) -> None:
    code, text = run("status", *options, "upgrade", "check")
    assert (code, "run collectd-mgr-manage db sync" in text) == (2, True)
    run("manage", *options, "db", "sync")
    code, text = run("status", *options, "upgrade", "check")
    assert (code, "Failure" in text) == (0, False)


def test_keys_that_sign(tmp_path: Path) -> None:
    file, conf = tmp_path / "signing-keys", tmp_path / "signing.conf"
    conf.write_text(f"[signing]\nkey_file = {file}\n")
    old, new = run("manage", "signing", "new")[1], run("manage", "signing", "new")[1]
    file.write_text(new + old)
    code, said = run("manage", "--config-file", str(conf), "signing", "public")
    assert (code, said.splitlines()) == (0, [public_half(new.strip()), public_half(old.strip())])


def test_what_gnocchi_is_to_know() -> None:
    shipped = Path(__file__).parents[3] / "etc" / "ceilometer"
    said = run("manage", "gnocchi", "definitions", str(shipped / "metrics.csv"))
    assert said == (0, (shipped / "gnocchi_resources.yaml").read_text())
    assert run("manage", "gnocchi", "create", "--os-auth-url", "") == (1, ""), "nobody to be asked"
