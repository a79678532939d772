# SPDX-License-Identifier: Apache-2.0
"""The program behind tools/survey-plugins."""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Sequence
from pathlib import Path

from collectd_mgr.domain import safety
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.safety import fixtures, page, rounds, table, verdict
from collectd_mgr.testing.safety.facts import facts, installed

PAGE = Path("doc/source/reference/plugins.rst")


def main(arguments: Sequence[str] | None = None) -> int:
    """Survey the plugins of this machine and write the table, and the page made from it."""
    options = _parser().parse_args(arguments)
    rows, version = list(safety.table().values()), table.package()
    if not options.page_only:
        rows, version = _surveyed(options.plugins), installed_package()
        options.table.write_text(table.text(rows, version), encoding="utf-8")
    options.page.write_text(page.text(rows, version), encoding="utf-8")
    print(f"{len(rows)} plugins, {sum(row.live for row in rows)} live-safe")
    return 0


def _surveyed(plugins: Sequence[str]) -> list[safety.Safety]:
    """New rows for ``plugins`` (all when there are none), beside the old ones for the others."""
    old = safety.table() if plugins else {}
    return [old[plugin] if plugins and plugin not in plugins else survey(plugin) for plugin in installed()]


def survey(plugin: str) -> safety.Safety:
    """The row of one plugin; it is tried unless facts and sources refuse it already."""
    found = facts(plugin)
    row = verdict.row(found, None if verdict.refusal(found) else trial(plugin))
    print(f"{plugin:24} {row.reason or 'live-safe'} {row.detail}{' (values)' if row.values_seen else ''}", flush=True)
    return row


def trial(plugin: str) -> verdict.Outcome:
    """What a collectd of its own shows, from the first enable to its end."""
    with (
        ScratchCollectd(interval=1, options=rounds.OPTIONS) as daemon,
        fixtures.ready(plugin, daemon.directory) as config,
    ):
        outcome = rounds.prove(rounds.Subject(plugin, config, daemon))
        status = daemon.stop()
    return outcome if status == 0 else verdict.Outcome("crash", f"Its exit status was {status}.")


def installed_package() -> str:
    """Debian's package of collectd on this machine, with its version."""
    command = ["dpkg-query", "--show", "--showformat=${Package} ${Version}", "collectd-core"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="survey-plugins", description="Earn the live-safety table.")
    parser.add_argument("plugins", nargs="*", metavar="PLUGIN", help="survey these, keep the other rows; default: all")
    parser.add_argument("--table", type=Path, default=table.PATH, help="the table (%(default)s)")
    parser.add_argument("--page", type=Path, default=PAGE, help="the page of the documentation (%(default)s)")
    parser.add_argument("--page-only", action="store_true", help="write the page from the table as it is")
    return parser
