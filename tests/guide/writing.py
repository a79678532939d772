# SPDX-License-Identifier: Apache-2.0
"""What came, as a page shows it: as much of it as the page had shown before."""

from __future__ import annotations

import json
from typing import Any

from tests.guide.page import MORE

_WIDTH = 140
#: Rows of a table.
_ROWS = 6


def printed(lines: list[str], before: list[str]) -> list[str]:
    """What a command printed; of a long table the first rows; lines of which it leaves some out, as it had them."""
    if not any(line.startswith("+-") for line in lines):
        return before if MORE in before else lines
    body = [place for place, line in enumerate(lines) if line.startswith("|")][1:]
    fields = lines[body[0] - 2].startswith("| Field ") if body else False
    if len(body) <= _ROWS or fields:
        return lines
    return [*lines[: body[_ROWS - 1]], MORE]


def answered(status: int, answer: Any, before: Any) -> list[str]:
    """An answer of the API: those parts of it that the page had."""
    return [f"HTTP {status}", *([] if answer is None else _text(_chosen(answer, before)).splitlines())]


def _chosen(real: Any, page: Any) -> Any:
    if isinstance(page, dict) and page and isinstance(real, dict):
        chosen = {key: _chosen(real[key], page[key]) for key in page if key in real}
        return {**chosen, MORE: None} if chosen.keys() < real.keys() else chosen
    if isinstance(page, list) and isinstance(real, list) and page:
        shown = [_chosen(each, page[0]) for each in real[: max(1, len(page) - (page[-1] == MORE))]]
        return [*shown, MORE] if len(real) > len(shown) else shown
    return real


def _text(value: Any, indent: int = 0, room: int = _WIDTH) -> str:
    """JSON in as few lines as fit."""
    flat = json.dumps(value, ensure_ascii=False).replace(f'"{MORE}": null', MORE).replace(f'"{MORE}"', MORE)
    if indent + len(flat) <= room or not isinstance(value, dict | list) or not value:
        return flat
    pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    parts = [_part(key, item, indent + 1) for key, item in pairs]
    first, last = ("{", "}") if isinstance(value, dict) else ("[", "]")
    return first + (",\n" + " " * (indent + 1)).join(parts) + last


def _part(key: str | None, item: Any, indent: int) -> str:
    if MORE in (key, item):
        return MORE
    name = "" if key is None else f"{json.dumps(key)}: "
    return name + _text(item, indent + len(name))
