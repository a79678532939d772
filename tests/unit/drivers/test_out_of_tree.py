# SPDX-License-Identifier: Apache-2.0
"""The driver of examples/tinyd, in a package of its own that is installed beside ours, passes the shipped suite."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from collectd_mgr.testing.suite import changes, daemon, failures, notifications, reads, settings

EXAMPLE = Path(__file__).parents[3] / "examples" / "tinyd"
SUITE = (changes, daemon, failures, notifications, reads, settings)


def test_it_is_installed_and_passes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(EXAMPLE, source)
    site = tmp_path / "site"
    run(source, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation", f"--target={site}", ".")
    shutil.rmtree(source / "collectd_mgr_tinyd")
    said = run(source, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", "test_conformance.py", site=site)
    # A test counts as often as it has parameters.
    passed = re.search(r"=+ (\d+) passed in", said)
    assert passed is not None, said
    assert int(passed[1]) >= sum(len(part.__all__) for part in SUITE)


def test_it_is_short() -> None:
    """As the guide has it: lines of code in the whole module."""
    text = (EXAMPLE / "collectd_mgr_tinyd" / "driver.py").read_text()
    code = text.replace(f'"""{ast.get_docstring(ast.parse(text))}"""', "")
    lines = [line for line in map(str.strip, code.splitlines()) if line and not line.startswith("#")]
    assert len(lines) <= 60, len(lines)


def run(cwd: Path, *arguments: str, site: Path | None = None) -> str:
    """What it prints; it must succeed."""
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **({"PYTHONPATH": str(site)} if site else {})}
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
