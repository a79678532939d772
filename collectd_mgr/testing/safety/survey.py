# SPDX-License-Identifier: Apache-2.0
"""The program behind tools/survey-plugins."""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Sequence

from collectd_mgr.domain import safety
from collectd_mgr.testing.safety import table, verdict
from collectd_mgr.testing.safety.facts import facts, installed


def main(arguments: Sequence[str] | None = None) -> int:
    """Survey the plugins of this machine and write the table."""
    options = _parser().parse_args(arguments)
    rows = [survey(plugin) for plugin in installed()]
    options.output.write_text(table.text(rows, package()), encoding="utf-8")
    print(f"{len(rows)} plugins, {sum(row.live for row in rows)} live-safe")
    return 0


def survey(plugin: str) -> safety.Safety:
    """The row of one plugin."""
    return verdict.row(facts(plugin), None)


def package() -> str:
    """Debian's package of collectd with its version."""
    command = ["dpkg-query", "--show", "--showformat=${Package} ${Version}", "collectd-core"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="survey-plugins", description="Earn the live-safety table.")
    parser.add_argument("--output", type=type(table.PATH), default=table.PATH, help="the table (%(default)s)")
    return parser
