# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI 3.1 document, made from the tree of resources and the schemas that validate."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from collectd_mgr.api import version
from collectd_mgr.api.resource import Contract, Resource
from collectd_mgr.api.schemas import fields

_ERRORS = {
    "400": "The request is not valid",
    "401": "A valid token is needed",
    "403": "The policy does not allow this",
    "404": "No such resource",
    "409": "The state of the host does not allow this",
}


@functools.cache
def document(root: Resource) -> dict[str, Any]:
    """The whole document, as JSON values."""
    paths: dict[str, Any] = {}
    for path, resource in _walk("", root):
        verbs = {verb.lower(): _operation(path, verb, handler.contract) for verb, handler in resource.handlers()}
        paths[path or "/"] = {"parameters": _parameters(path), **verbs}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "collectd_mgr",
            "version": version.CURRENT,
            "description": "Manages collectd on the hosts of an OpenStack cloud.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": {"Errors": fields.ERRORS},
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
        },
    }


def _walk(path: str, resource: Resource) -> Iterator[tuple[str, Resource]]:
    if any(resource.handlers()):
        yield path, resource
    for name, child in resource.children.items():
        yield from _walk(f"{path}/{name}", child)
    if resource.item is not None:
        name, child = resource.item
        yield from _walk(f"{path}/{{{name}}}", child)


def _parameters(path: str) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    return [{"name": name, "in": "path", "required": True, "schema": fields.STRING} for name in names]


def _operation(path: str, verb: str, contract: Contract) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": contract.rule or f"{verb.lower()} {path or '/'}",
        "summary": contract.summary,
        "parameters": [_query(name, schema) for name, schema in contract.query["properties"].items()],
        "responses": {str(status): _response(schema) for status, schema in contract.answers.items()},
        "security": [{"token": []}] if contract.rule else [],
    }
    if contract.body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": contract.body}}}
    if contract.rule:
        errors = {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}
        operation["responses"].update(
            {status: {"description": title, "content": errors} for status, title in _ERRORS.items()}
        )
    return operation


def _query(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _response(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    if schema is None:
        return {"description": "Done"}
    return {"description": schema.get("description") or "Done", "content": {"application/json": {"schema": schema}}}
