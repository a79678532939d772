# SPDX-License-Identifier: Apache-2.0
"""``.. error-codes::``: every error of the API, from the classes that raise them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from collectd_mgr import exception


class Table(Directive):
    """A row for each code, in the order of the module."""

    def run(self) -> list[nodes.Node]:
        container = nodes.container()
        self.state.nested_parse(StringList(list(lines()), "exception.py"), self.content_offset, container)
        return container.children


def lines() -> Iterator[str]:
    """The table as reStructuredText."""
    yield from (".. list-table::", "   :header-rows: 1", "   :widths: 24 10 66", "")
    yield from ("   * - Code", "     - Status", "     - Meaning")
    for kind in vars(exception).values():
        if isinstance(kind, type) and issubclass(kind, exception.CollectdMgrError):
            yield from (f"   * - ``{kind.code}``", f"     - {kind.status}", f"     - {kind.title}. {_facts(kind)}")


def _facts(kind: type[exception.CollectdMgrError]) -> str:
    """What the docstring of the class says, with collectd_mgr's own markup, in one line."""
    if kind.__doc__ is None or kind is exception.CollectdMgrError:
        return ""
    return re.sub(r"\s+", " ", inspect.cleandoc(kind.__doc__))


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("error-codes", Table)
    return {"version": "1", "parallel_read_safe": True}
