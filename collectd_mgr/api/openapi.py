# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI 3.1 document, made from the tree of resources and the schemas that validate."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from collectd_mgr.api import version
from collectd_mgr.api.resource import Contract, Resource
from collectd_mgr.api.schemas import fields

#: What any request may be answered with.
_ANY = {
    400: "The request is not valid",
    406: "This version of the API is not served",
    413: "The request is too large",
    415: "The body is not JSON",
    500: "The service has failed",
}

#: What those may be answered with that are not for everybody.
_ERRORS = {
    **_ANY,
    401: "A valid token is needed",
    403: "The policy of the service, or of the host, does not allow this",
    404: "No such resource",
    409: "The state of the host does not allow this",
    503: "The host, its collectd, Keystone or the database does not answer, or not so that it could be trusted",
    504: "The answer of the host did not come in time",
}

#: What any request may bear.
_HEADER = {
    "name": version.HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "examples": [f"{version.SERVICE} {version.CURRENT}"]},
    "description": "The version that is asked for; what is said to other services is not looked at.",
}
_VERSION = {"$ref": "#/components/parameters/Version"}

#: Of the parameters in addresses.
_IN_PATH = {
    "host": {"type": "string", "minLength": 1, "maxLength": 255},
    "plugin": {"type": "string", "minLength": 1, "description": "As in LoadPlugin."},
    "setting": fields.NAME,
    "n": {"type": "integer", "minimum": 0, "description": "The number of a generation."},
    "operation": {"type": "string", "minLength": 1},
}


@functools.cache
def document(root: Resource) -> dict[str, Any]:
    """The whole document, as JSON values."""
    paths: dict[str, Any] = {}
    for path, resource in _walk("", root):
        verbs = {verb.lower(): _operation(path, verb, handler.contract) for verb, handler in resource.handlers()}
        paths[path or "/"] = {"parameters": [*_parameters(path), _VERSION], **verbs}
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
            "parameters": {"Version": _HEADER},
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
    return [{"name": name, "in": "path", "required": True, "schema": _IN_PATH[name]} for name in names]


def _operation(path: str, verb: str, contract: Contract) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": contract.rule or f"{verb.lower()} {path or '/'}",
        "summary": contract.summary,
        "parameters": list(_query(contract.query)),
        "responses": {
            **{str(status): _response(schema, contract.plain) for status, schema in contract.answers.items()},
            **{str(status): _error(title) for status, title in sorted((_ERRORS if contract.rule else _ANY).items())},
        },
        "security": [{"token": []}] if contract.rule else [],
    }
    if contract.body is not None:
        wanted = bool(contract.body.get("required") or contract.body.get("minProperties"))
        operation["requestBody"] = {"required": wanted, "content": {"application/json": {"schema": contract.body}}}
    return operation


def _query(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, each in schema["properties"].items():
        yield {"name": name, "in": "query", "required": name in schema["required"], "schema": each}


def _response(schema: Mapping[str, Any] | None, plain: bool) -> dict[str, Any]:
    if schema is None:
        return {"description": "Done"}
    content: dict[str, Any] = {"application/json": {"schema": schema}}
    if plain:
        content["text/plain"] = {"schema": fields.STRING}
    return {"description": schema.get("description") or "Done", "content": content}


def _error(title: str) -> dict[str, Any]:
    return {"description": title, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Errors"}}}}
