# SPDX-License-Identifier: Apache-2.0
"""Following operations to their end, with a bar where somebody looks on."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from collectd_mgr.cli.client import Client, MayPass, path

#: The states that do not change any more.
FINAL = ("succeeded", "failed", "superseded")
#: Seconds between two questions, the first and the longest.
_FIRST, _LONGEST = 0.1, 2.0


def settled(client: Client, operations: Sequence[dict[str, Any]], timeout: float) -> list[dict[str, Any]]:
    """The same operations, in their order, as they are when all are final or ``timeout`` seconds are over.

    An API that is away meanwhile is asked again: the operations go on without it.
    """
    latest = {operation["id"]: operation for operation in operations}
    with _bar() as bar:
        task = bar.add_task("operations", total=len(latest))
        for _ in _ticks(timeout):
            bar.update(task, completed=len(latest) - len(_open(latest)))
            if not _open(latest):
                break
            for name in _open(latest):
                with suppress(MayPass):
                    latest[name] = client.get(path("operations", name)).json()["operation"]
    return [latest[operation["id"]] for operation in operations]


def read(client: Client, address: str, timeout: float) -> dict[str, Any]:
    """What is at ``address``. An API that is away is asked again until ``timeout`` seconds are over.

    :raises MayPass: it still is then
    """
    away = MayPass()
    for _ in _ticks(timeout):
        try:
            return dict(client.get(address).json())
        except MayPass as error:
            away = error
    raise away


def _open(latest: dict[str, dict[str, Any]]) -> list[str]:
    return [name for name, operation in latest.items() if operation["state"] not in FINAL]


def _ticks(timeout: float) -> Iterator[None]:
    """At once, then with growing pauses until ``timeout`` seconds are over, and once more then."""
    end, pause = time.monotonic() + timeout, _FIRST
    yield
    while time.monotonic() < end:
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
        pause = min(pause * 1.5, _LONGEST)
        yield


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
