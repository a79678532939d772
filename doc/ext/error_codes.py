# SPDX-License-Identifier: Apache-2.0
"""``.. error-codes::``: every error of the API, from the classes that raise them, and what to do about it.

What to do is the content, a paragraph for each code::

    .. error-codes::

       busy: Ask again in a moment.

A code without one, and a paragraph for a code that there is not, break the build.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from collectd_mgr import exception

#: By their codes, in the order of the module.
KINDS = {
    kind.code: kind
    for kind in vars(exception).values()
    if isinstance(kind, type) and issubclass(kind, exception.CollectdMgrError)
}


class Table(Directive):
    """A row for each code."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        advice = read("\n".join(self.content))
        if odd := sorted(KINDS.keys() ^ advice.keys()):
            raise self.error(f"Codes without advice, or advice without a code: {', '.join(odd)}")
        container = nodes.container()
        self.state.nested_parse(StringList(list(lines(advice)), "exception.py"), self.content_offset, container)
        return container.children


def read(text: str) -> dict[str, str]:
    """Paragraphs by the code before their colon."""
    paragraphs = (paragraph.split(":", 1) for paragraph in re.split(r"\n\s*\n", text.strip()))
    return {code: " ".join("".join(rest).split()) for code, *rest in paragraphs}


def lines(advice: Mapping[str, str]) -> Iterator[str]:
    """The table as reStructuredText."""
    yield from (".. list-table::", "   :header-rows: 1", "   :widths: 22 8 35 35", "")
    yield from ("   * - Code", "     - Status", "     - Meaning", "     - What to do")
    for code, kind in KINDS.items():
        yield from (f"   * - ``{code}``", f"     - {kind.status}", f"     - {kind.title}. {_facts(kind)}")
        yield f"     - {advice[code]}"


def _facts(kind: type[exception.CollectdMgrError]) -> str:
    """What the docstring of the class says, with collectd_mgr's own markup, in one line."""
    if kind.__doc__ is None or kind is exception.CollectdMgrError:
        return ""
    return re.sub(r"\s+", " ", inspect.cleandoc(kind.__doc__))


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("error-codes", Table)
    return {"version": "1", "parallel_read_safe": True}
