# SPDX-License-Identifier: Apache-2.0
"""Whether two answers have the same shape: the same columns, fields and keys, the same words, whatever the figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.guide.page import MORE

#: Columns, fields and keys whose values are words that must be the same.
WORDS = frozenset(
    [
        "Plugin",
        "State",
        "Driver",
        "Enabled",
        "Name",
        "Severity",
        "Outcome",
        "Class",
        "state",
        "driver",
        "plugin",
        "enabled",
        "severity",
        "code",
        "outcome",
    ]
)


def differences(page: list[str], real: list[str]) -> Iterator[str]:
    """Of what a command printed."""
    if any(line.startswith("+-") for line in page):
        yield from _tables(page, real)
    else:
        found = [_plain(line) for line in real]
        yield from (f"not {line!r} among {real}" for line in page if MORE not in line and _plain(line) not in found)


def _tables(page: list[str], real: list[str]) -> Iterator[str]:
    (heads, *rows), (found, *others) = _cells(page), _cells(real) or [[]]
    if heads != found:
        yield f"columns {found}, not {heads}"
    elif heads == ["Field", "Value"]:
        if [row[0] for row in rows if row[0]] != [row[0] for row in others if row[0]]:
            yield f"fields {[row[0] for row in others]}"
    else:
        words = [place for place, head in enumerate(heads) if head in WORDS]
        there = [[row[place] for place in words] for row in others]
        wanted = [[row[place] for place in words] for row in rows if row != [MORE]]
        yield from (f"no row with {row} among {there}" for row in wanted if row not in there)


def _cells(lines: list[str]) -> list[list[str]]:
    """Heads and rows; a row that goes on in another line is two."""
    return [[cell.strip() for cell in line.split(" | ")] for line in (_inside(line) for line in lines) if line]


def _inside(line: str) -> str:
    if line.strip() == MORE:
        return MORE
    return line[1:-1] if line.startswith("|") else ""


def _plain(line: str) -> str:
    """Without what differs from run to run: numbers, and ids with letters in them."""
    line = re.sub(r"req-[0-9a-f-]+", "req", line)
    return re.sub(r"[0-9a-f]*\d[0-9a-f.:TZ-]*", "0", line).strip()


def mismatches(page: Any, real: Any, place: str = "$") -> Iterator[str]:
    """Of two JSON values. What the page leaves out may be anything."""
    if isinstance(page, dict) and isinstance(real, dict):
        yield from _objects(page, real, place)
    elif isinstance(page, list) and isinstance(real, list):
        for item in page:
            if item != MORE and not any(not list(mismatches(item, each)) for each in real):
                yield f"{place}: nothing like {item}"
        if not page and real:
            yield f"{place}: not empty: {real}"
    elif not _alike(page, real) or (place.rpartition(".")[2] in WORDS and page != real):
        yield f"{place}: {real!r}, not {page!r}"


def _alike(page: Any, real: Any) -> bool:
    return type(page) is type(real) or (_is_number(page) and _is_number(real))


def _objects(page: dict[str, Any], real: dict[str, Any], place: str) -> Iterator[str]:
    lacking = page.keys() - real.keys() - {MORE}
    besides = set() if MORE in page else real.keys() - page.keys()
    if lacking or besides:
        yield f"{place}: lacks {sorted(lacking)}, has {sorted(besides)} besides"
    for key in page.keys() & real.keys():
        yield from mismatches(page[key], real[key], f"{place}.{key}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
