# SPDX-License-Identifier: Apache-2.0
"""Holds every answer against the OpenAPI document that the service itself shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import jsonschema
import webob

from collectd_mgr.api import openapi
from collectd_mgr.api.root import ROOT
from collectd_mgr.api.schemas import fields

DOCUMENT = openapi.document(ROOT)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", path.rstrip("/")) + "/?")


_PATHS = [(_pattern(path), item) for path, item in DOCUMENT["paths"].items()]


class Contract:
    """A WSGI middleware that fails the request when its answer is not what the document says."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = webob.Request(environ)
        response = request.get_response(self._application)
        if response.content_type == "application/json" and request.method != "HEAD":
            # Whether the document itself is valid, another test asks; for each answer that would take most of the time.
            schema = _schema(request, response.status_int)
            jsonschema.Draft202012Validator(schema).validate(json.loads(response.body))
        answer: Iterable[bytes] = response(environ, start_response)
        return answer


def operation_of(method: str, path: str) -> dict[str, Any]:
    """The operation of the document that a request is; its path as it was sent."""
    found = [item for pattern, item in _PATHS if pattern.fullmatch(path)]
    operation: dict[str, Any] = found[0][method.lower()]
    return operation


def _schema(request: webob.Request, status: int) -> Any:
    if status >= 400:
        return fields.ERRORS
    responses = operation_of(request.method, request.path)["responses"]
    return responses[str(status)]["content"]["application/json"]["schema"]
