# SPDX-License-Identifier: Apache-2.0
"""``.. rest-resources::``: every request that the API takes, from the tree of resources that serves it."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from collectd_mgr.api import openapi
from collectd_mgr.api.root import ROOT

#: Parameters of every list.
PAGING = ("limit", "marker", "sort_key", "sort_dir")

VERBS = ("get", "put", "patch", "post", "delete")


class Table(Directive):
    """A row for each request: address, what it does, its parameters, the commands that make it."""

    def run(self) -> list[nodes.Node]:
        container = nodes.container()
        self.state.nested_parse(StringList(list(lines()), "api"), self.content_offset, container)
        return container.children


def lines() -> Iterator[str]:
    """The table as reStructuredText."""
    yield from (".. list-table::", "   :header-rows: 1", "   :widths: 34 26 20 20", "")
    yield from ("   * - Request", "     - What it does", "     - Parameters", "     - ``openstack collectd``")
    for path, verbs in openapi.document(ROOT)["paths"].items():
        for verb in VERBS:
            if verb in verbs:
                yield from _row(verb, path, verbs[verb])


def _row(verb: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"   * - ``{verb.upper()} {path}``"
    yield f"     - {operation['summary']}"
    yield f"     - {_listed(_parameters(operation))}"
    yield f"     - {_listed(_commands().get(operation['operationId'], ()))}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"``{name}``" for name in names)


@functools.cache
def _commands() -> Mapping[str, list[str]]:
    """The rule of a request -> the commands that are for it, without what all begin with."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry in entry_points(group="openstack.collectd.v1"):
        for rule in entry.load().rules:
            found[rule].append(entry.name.removeprefix("collectd_").replace("_", " "))
    return found


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    """Of the query, then the members of the body; those of every list are said once, above the table."""
    yield from (item["name"] for item in operation["parameters"] if item["name"] not in PAGING)
    content = operation.get("requestBody", {}).get("content", {})
    yield from (name for media in content.values() for name in media["schema"].get("properties", ()))


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("rest-resources", Table)
    return {"version": "1", "parallel_read_safe": True}
