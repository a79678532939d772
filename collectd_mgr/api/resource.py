# SPDX-License-Identifier: Apache-2.0
"""Addresses and what can be done at them: a tree of resources, with a method for each verb.

Pecan finds the root and serves its answers; from there an address is walked by names, so that a host called
``plugins`` or with dots in its name is a host. The same tree is what the OpenAPI document is made from.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pecan
import webob
from oslo_context.context import RequestContext

from collectd_mgr import exception
from collectd_mgr.api import validation, version
from collectd_mgr.api.call import Call, Services
from collectd_mgr.api.validation import Schema

VERBS = ("GET", "PUT", "PATCH", "POST", "DELETE")

#: The longest part of an address: the name of a host.
_LONGEST = 255

_NOTHING: Schema = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


@dataclass(frozen=True)
class Rendered:
    """A body that is JSON text already."""

    text: str


@dataclass(frozen=True)
class Answer:
    """What goes back: ``body`` as JSON, or as plain text if it is a str."""

    body: Any = None
    status: int = 200


@dataclass(frozen=True)
class Contract:
    """What a handler promises: its rule (None: for everybody), what it takes, what it gives.

    ``plain``: it gives plain text in the place of JSON, where the query asks for that.
    """

    rule: str | None
    summary: str
    query: Schema
    body: Schema | None
    answers: Mapping[int, Schema | None]
    plain: bool = False


class Resource:
    """An address. ``children`` are below it by name, ``item`` is below it by any name, as a parameter."""

    children: ClassVar[Mapping[str, Resource]] = {}
    item: ClassVar[tuple[str, Resource] | None] = None

    def below(self, part: str, path: dict[str, str]) -> Resource:
        """The next resource of an address. :raises ResourceNotFound:"""
        if part in self.children:
            return self.children[part]
        if self.item is None or not 0 < len(part) <= _LONGEST or "\0" in part:
            raise exception.ResourceNotFound()
        name, resource = self.item
        path[name] = part
        return resource

    def handlers(self) -> Iterator[tuple[str, Any]]:
        """The verbs that this address takes, and their handlers."""
        for verb in VERBS:
            handler = getattr(self, verb.lower(), None)
            if handler is not None:
                yield verb, handler


class Tree:
    """What pecan gets as its root."""

    def __init__(self, root: Resource, services: Services) -> None:
        self._root = root
        self._services = services

    @pecan.expose()  # type: ignore[untyped-decorator]
    def _route(self, remainder: list[str], request: Any) -> tuple[Callable[[], Any], list[str]]:
        path: dict[str, str] = {}
        resource = self._root
        for part in _without_last_slash(remainder):
            resource = resource.below(part, path)
        request.environ["collectd_mgr.path"] = path
        request.environ["collectd_mgr.services"] = self._services
        verbs = dict(resource.handlers())
        verb = "GET" if request.method == "HEAD" else request.method
        if verb not in verbs:
            raise exception.MethodNotAllowed(allow=", ".join(verbs))
        return verbs[verb], []


def _without_last_slash(parts: list[str]) -> list[str]:
    parts = list(parts)
    return parts[:-1] if parts and parts[-1] == "" else parts


def expose(
    rule: str | None,
    summary: str,
    *,
    query: Schema = _NOTHING,
    body: Schema | None = None,
    answers: Mapping[int, Schema | None],
    plain: bool = False,
) -> Callable[[Callable[[Any, Call], Answer]], Any]:
    """Make a method ``(self, call) -> Answer`` the handler of a verb: let in, validated, rendered."""
    contract = Contract(rule, summary, query, body, answers, plain)
    query_validator = validation.compiled(query)
    body_validator = validation.compiled(body or _NOTHING)

    def decorate(method: Callable[[Any, Call], Answer]) -> Any:
        @functools.wraps(method)
        def handler(self: Resource) -> webob.Response:
            request = pecan.request
            version.check(request.headers.get(version.HEADER))
            services: Services = request.environ["collectd_mgr.services"]
            call = _let_in(request, services, rule)
            taken = validation.query(request.GET.mixed(), query_validator)
            given = validation.check(validation.parsed(request.body, request.content_type), body_validator, "body")
            return _rendered(method(self, replace(call, query=taken, body=given)))

        # Pecan would look at the arguments of the method instead.
        del handler.__wrapped__
        exposed = pecan.expose(content_type="application/json")(handler)
        exposed.contract = contract
        return exposed

    return decorate


def _let_in(request: Any, services: Services, rule: str | None) -> Call:
    environ = request.environ
    call = Call(
        services,
        environ["collectd_mgr.path"],
        request_id=environ.get("openstack.request_id", ""),
        url=request.path_url,
        root=request.application_url,
    )
    if rule is None:
        return call
    who = services.gate.identify(environ)
    RequestContext(request_id=call.request_id or None, user_id=who.user, project_id=who.project)
    services.gate.check(who, rule)
    return replace(call, who=who)


def _rendered(answer: Answer) -> webob.Response:
    if answer.status == 204:
        return webob.Response(status=204, content_type=None)
    if isinstance(answer.body, str):
        return webob.Response(answer.body, status=answer.status, content_type="text/plain", charset="utf-8")
    # Our own answers hold no circles; to look for them is most of the time that a long list takes.
    body = answer.body.text if isinstance(answer.body, Rendered) else json.dumps(answer.body, check_circular=False)
    return webob.Response(body, status=answer.status, content_type="application/json", charset="utf-8")
