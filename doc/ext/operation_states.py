# SPDX-License-Identifier: Apache-2.0
"""Two directives that draw the states of an operation from the table in the code.

``.. operation-states::`` is the table, ``.. operation-states-picture::`` the same as SVG, so
that page and code cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from collectd_mgr.domain.operations import STATES, State

_WIDTH, _HEIGHT, _COLUMN, _ROW = 120, 36, 190, 64


class Table(Directive):
    """A row for each state: its name, what it means, where it leads."""

    def run(self) -> list[nodes.Node]:
        lines = [".. list-table::", "   :header-rows: 1", "   :widths: 15 60 25", ""]
        for row in (("State", "Meaning", "Leads to"), *map(_row, STATES.values())):
            lines += [f"   {'  -' if place else '* -'} {text}" for place, text in enumerate(row)]
        container = nodes.container()
        self.state.nested_parse(StringList(lines, "operations.py"), self.content_offset, container)
        return container.children


def _row(state: State) -> tuple[str, str, str]:
    return f"``{state.name}``", state.meaning, ", ".join(f"``{name}``" for name in state.leads_to) or "the end"


class Picture(Directive):
    """The states from left to right, an arrow for each step."""

    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        return [nodes.raw("", svg(), format="html")]


def svg() -> str:
    """The whole picture: final states in the last column, the others in the order of an operation's life."""
    places = dict(_places())
    width = max(x for x, _ in places.values()) + _WIDTH + 2
    height = max(y for _, y in places.values()) + _HEIGHT + 2
    arrows = "".join(_arrow(places[name], places[end]) for name, state in STATES.items() for end in state.leads_to)
    boxes = "".join(_box(STATES[name], *place) for name, place in places.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img"'
        ' aria-label="states of an operation" font-family="sans-serif" font-size="14">'
        '<defs><marker id="tip" markerWidth="9" markerHeight="8" refX="9" refY="4" orient="auto">'
        f'<path d="M0,0 L9,4 L0,8 z" fill="#555"/></marker></defs>{arrows}{boxes}</svg>'
    )


def _places() -> Iterator[tuple[str, tuple[int, int]]]:
    moving = [name for name, state in STATES.items() if not state.final]
    ends = [name for name, state in STATES.items() if state.final]
    for column, name in enumerate(moving):
        # Below all ends, so that no arrow runs through a box.
        yield name, (1 + column * _COLUMN, 1 + column * len(ends) * _ROW)
    for row, name in enumerate(ends):
        yield name, (1 + len(moving) * _COLUMN, 1 + row * _ROW)


def _box(state: State, x: int, y: int) -> str:
    line = 3 if state.final else 1
    return (
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="8" fill="#fff" stroke="#333" '
        f'stroke-width="{line}"><title>{escape(state.meaning)}</title></rect>'
        f'<text x="{x + _WIDTH // 2}" y="{y + 23}" text-anchor="middle">{escape(state.name)}</text>'
    )


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    """From side to side; straight down to the neighbour below; back by going left, and then up."""
    middle = _WIDTH // 2, _HEIGHT // 2
    if end[0] < start[0]:
        points = f"{start[0]},{start[1] + middle[1]} {end[0] + middle[0]},{start[1] + middle[1]}"
        points += f" {end[0] + middle[0]},{end[1] + _HEIGHT + 2}"
        return f'<polyline points="{points}" fill="none" stroke="#555" marker-end="url(#tip)"/>'
    if start[0] == end[0]:
        return _line(start[0] + middle[0], start[1] + _HEIGHT, end[0] + middle[0], end[1] - 2)
    return _line(start[0] + _WIDTH, start[1] + middle[1], end[0] - 2, end[1] + middle[1])


def _line(x1: int, y1: int, x2: int, y2: int) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#555" marker-end="url(#tip)"/>'


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("operation-states", Table)
    app.add_directive("operation-states-picture", Picture)
    return {"version": "1", "parallel_read_safe": True}
