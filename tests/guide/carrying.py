# SPDX-License-Identifier: Apache-2.0
"""The steps of a page, carried out one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from tests.cli.shell import Shell
from tests.functional.deployment import Caller
from tests.guide import shapes, writing
from tests.guide.page import Page, Step
from tests.waiting import eventually

RECORD = "CM_RECORD" in os.environ


@dataclass(frozen=True)
class Client:
    """Somebody at a terminal, with an API."""

    openstack: Shell
    call: Caller

    def printed(self, step: Step) -> list[str]:
        said = self.openstack(*step.arguments)
        return f"{said.out}{said.err}".splitlines()

    def answered(self, step: Step) -> tuple[int, Any]:
        answer = self.call(*step.request)
        return answer.status, answer.body


def carry_out(page: Page, clients: Callable[[str], Client], wanted: Callable[[str], bool]) -> None:
    """Those steps of ``page`` whose ``by`` is wanted; each must come to what the page says, or the page is written."""
    for step in page.steps:
        if wanted(step.by):
            _carry_out(step, clients(step.by))
    if RECORD:
        page.path.write_text(page.text())


def _carry_out(step: Step, client: Client) -> None:
    found: list[str] = []
    before = replace(step)

    def as_shown() -> bool:
        found[:] = list(_record(step, before, client) if RECORD else _differences(step, client))
        # What changes something is asked once.
        return not (found and step.is_read)

    with suppress(AssertionError):
        eventually(as_shown)
    assert not found, "\n".join([*step.asked, *found])


def _differences(step: Step, client: Client) -> Iterable[str]:
    if step.is_command:
        return shapes.differences(step.told, client.printed(step))
    status, answer = client.answered(step)
    if status != step.status:
        return [f"HTTP {status}: {answer}"]
    return shapes.mismatches(step.answer, answer)


def _record(step: Step, before: Step, client: Client) -> Iterable[str]:
    """What came is in the page; a read that found nothing yet is asked again."""
    if step.is_command:
        lines = client.printed(step)
        empty = step.is_read and not any(line.startswith("|") for line in lines)
        step.told = writing.printed(lines, before.told)
    else:
        status, answer = client.answered(step)
        empty = isinstance(answer, dict) and [] in answer.values() and step.is_read
        step.told = writing.answered(status, answer, before.answer)
    return ["nothing yet"] if empty else []
