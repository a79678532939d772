# SPDX-License-Identifier: Apache-2.0
"""``/`` and ``/v1``: what is served here. For everybody, with or without a token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from collectd_mgr.api import openapi, version
from collectd_mgr.api.call import Call
from collectd_mgr.api.hosts import Hosts
from collectd_mgr.api.mutes import LabelMutes
from collectd_mgr.api.notifications import Notifications
from collectd_mgr.api.operations import Operations
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import fields

_VERSION = fields.record(
    {
        "id": fields.STRING,
        "status": fields.STRING,
        "version": fields.STRING,
        "min_version": fields.STRING,
        "links": {"type": "array", "items": fields.record({"rel": fields.STRING, "href": fields.STRING})},
    }
)


def _v1(call: Call) -> dict[str, Any]:
    links = [
        {"rel": "self", "href": f"{call.root}/v1"},
        {"rel": "describedby", "href": f"{call.root}/v1/openapi.json"},
    ]
    return {
        "id": "v1",
        "status": "CURRENT",
        "version": version.CURRENT,
        "min_version": version.CURRENT,
        "links": links,
    }


class OpenApi(Resource):
    @expose(None, "This document", answers={200: {"type": "object"}})
    def get(self, call: Call) -> Answer:
        return Answer(openapi.document(ROOT))


class V1(Resource):
    children: ClassVar[Mapping[str, Resource]] = {
        "hosts": Hosts(),
        "mutes": LabelMutes(),
        "notifications": Notifications(),
        "operations": Operations(),
        "openapi.json": OpenApi(),
    }

    @expose(None, "The version", answers={200: fields.record({"version": _VERSION})})
    def get(self, call: Call) -> Answer:
        return Answer({"version": _v1(call)})


class Root(Resource):
    children: ClassVar[Mapping[str, Resource]] = {"v1": V1()}

    @expose(None, "The versions", answers={200: fields.record({"versions": {"type": "array", "items": _VERSION}})})
    def get(self, call: Call) -> Answer:
        return Answer({"versions": [_v1(call)]})


ROOT = Root()
