# SPDX-License-Identifier: Apache-2.0
"""``.. rest-reference::``: the OpenAPI document as a page: a section for each address, then the objects in answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from rest_resources import VERBS
from sphinx.util.nodes import nested_parse_with_titles

from collectd_mgr.api import openapi
from collectd_mgr.api.root import ROOT

Schema = Mapping[str, Any]

#: An object with at least so many members is described once, in a section of its own.
_LARGE = 5


class Reference(Directive):
    """All of it."""

    def run(self) -> list[nodes.Node]:
        container = nodes.section()
        container.document = self.state.document
        nested_parse_with_titles(self.state, StringList(list(lines(openapi.document(ROOT))), "api"), container)
        return container.children


def lines(document: Schema) -> Iterator[str]:
    """The page as reStructuredText."""
    objects = Objects()
    for path, verbs in document["paths"].items():
        yield from _title(f"``{path}``", "=")
        for verb in VERBS:
            if verb in verbs:
                yield from _operation(verb.upper(), path, verbs[verb], objects)
    yield from objects.sections()


def _operation(verb: str, path: str, operation: Schema, objects: Objects) -> Iterator[str]:
    yield from _title(f"{verb}: {operation['summary']}", "-")
    rule = f"Policy: ``{operation['operationId']}``." if operation["security"] else "Needs no token."
    yield from (rule, "")
    query = {item["name"]: item["schema"] for item in operation["parameters"]}
    if query:
        yield from ("In the query:", "")
        yield from objects.members({"properties": query})
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield from (f"In the body (``{media}``):", "")
        yield from objects.members(content["schema"])
    for status, response in operation["responses"].items():
        if int(status) < 400:
            yield from _answer(status, response, objects)


def _answer(status: str, response: Schema, objects: Objects) -> Iterator[str]:
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    yield from (f"Answer {status}{': ' + response['description'] if schema.get('description') else ''}", "")
    if schema.get("properties"):
        yield from objects.members(schema)


class Objects:
    """Large objects by their members, under the name of the member that they were first found as."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._schemas: dict[str, Schema] = {}
        self._told = 0

    def sections(self) -> Iterator[str]:
        """Those that were referred to; in telling of them, more may be."""
        while self._told < len(self._schemas):
            name = list(self._schemas)[self._told]
            self._told += 1
            yield from (f".. _rest-{name}:", "")
            yield from _title(f"Object: {name}", "=")
            yield from (self._schemas[name].get("description", ""), "")
            yield from self.members(self._schemas[name])

    def members(self, schema: Schema) -> Iterator[str]:
        """A table of the members of an object."""
        yield from (".. list-table::", "   :header-rows: 1", "   :widths: 22 38 40", "")
        yield from ("   * - Name", "     - Type", "     - Meaning")
        for name, member in sorted(schema["properties"].items()):
            wanted = " (wanted)" if schema.get("additionalProperties") is False and name in schema["required"] else ""
            yield f"   * - ``{name}``{wanted}"
            yield f"     - {self._type(name, member)}"
            yield f"     - {member.get('description', '').replace('*', chr(92) + '*')}"
        yield ""

    def _type(self, name: str, schema: Schema) -> str:
        if "anyOf" in schema:
            return " or ".join(self._type(name, each) for each in schema["anyOf"])
        if "enum" in schema:
            return "one of " + ", ".join(f"``{json.dumps(each)}``" for each in schema["enum"])
        types = schema.get("type", "anything")
        return " or ".join(self._one(name, each, schema) for each in (types if isinstance(types, list) else [types]))

    def _one(self, name: str, kind: str, schema: Schema) -> str:
        if kind == "array":
            return f"list of {self._type(name, schema.get('items', {}))}"
        if kind == "object" and schema.get("properties"):
            return self._object(name, schema)
        bounds = [f"{word} {schema[key]:,}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in schema]
        return " ".join([kind, *(bounds if kind in ("integer", "number") else ())])

    def _object(self, name: str, schema: Schema) -> str:
        members = schema["properties"]
        if len(members) < _LARGE:
            return "object of " + ", ".join(f"``{each}``" for each in members)
        found = json.dumps(members, sort_keys=True)
        if found not in self._names:
            taken = [each for each in self._schemas if each.rstrip("0123456789") == name]
            self._names[found] = name if not taken else f"{name}{len(taken) + 1}"
            self._schemas[self._names[found]] = schema
        return f":ref:`{self._names[found]} <rest-{self._names[found]}>`"


def _title(text: str, line: str) -> Iterator[str]:
    yield from (text, line * len(text), "")


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("rest-reference", Reference)
    return {"version": "1", "parallel_read_safe": True}
