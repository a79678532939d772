# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/mutes``, and ``/v1/mutes/{mute}`` for all hosts with some labels."""

from __future__ import annotations

from typing import Any

from collectd_mgr import exception
from collectd_mgr.api import views
from collectd_mgr.api.call import Call
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import fields
from collectd_mgr.api.schemas.fields import Schema
from collectd_mgr.api.schemas.operations import OPERATION
from collectd_mgr.api.sections import Kind, name_of, resource
from collectd_mgr.control import mutes
from collectd_mgr.control.together import Result
from collectd_mgr.domain import choices, sections
from collectd_mgr.domain.notifications import SEVERITIES

_PROPERTIES: dict[str, Schema] = {
    "identifier": fields.PATTERN,
    "severities": {
        "type": ["array", "null"],
        "items": {"type": "string", "enum": list(SEVERITIES)},
        "minItems": 1,
        "description": "Only these; any, if it is not given.",
    },
}


def _stamp(call: Call) -> dict[str, Any]:
    """Who, and why: a mute that nobody remembers is an alarm that nobody hears."""
    return {"by": call.who.user, "reason": call.requester.reason}


_LABELS: Schema = {"type": "array", "items": {"type": "string", "pattern": "="}, "minItems": 1}
_WHY = {"label": _LABELS, "expires_in": fields.EXPIRES_IN, "reason": fields.REASON}
_EACH = fields.record(
    {
        "host": fields.STRING,
        "operation": {"anyOf": [OPERATION, {"type": "null"}]},
        "error": {"type": ["object", "null"], "description": "code and detail of what forbade it."},
    }
)
_DONE = {200: fields.record({"mutes": {"type": "array", "items": _EACH}})}


class LabelMute(Resource):
    """The same mute on every host with some labels."""

    @expose(
        "collectd_mgr:mutes:set_by_label",
        "Mute all hosts with some labels",
        body=fields.request({**_PROPERTIES, **_WHY}, ("label", "expires_in")),
        answers=_DONE,
    )
    def put(self, call: Call) -> Answer:
        wanted, lease = KIND.of(call.body, _stamp(call)), call.lease
        if lease is None:
            raise exception.BadRequest("body.expires_in: a mute has an end", field="body.expires_in")
        labels = _labels(call.body["label"])
        return _answer(call, mutes.set_all(call.control, call.requester, labels, name_of(call), wanted, lease))

    @expose(
        "collectd_mgr:mutes:unset_by_label",
        "End a mute on all hosts with some labels",
        query={**fields.query(label=_LABELS, reason=fields.REASON), "required": ["label"]},
        answers=_DONE,
    )
    def delete(self, call: Call) -> Answer:
        labels = _labels(call.query["label"])
        return _answer(call, mutes.unset_all(call.control, call.requester, labels, name_of(call)))


class LabelMutes(Resource):
    item = ("setting", LabelMute())


def _labels(texts: list[str]) -> dict[str, str]:
    return dict(text.split("=", 1) for text in texts)


def _answer(call: Call, found: list[Result]) -> Answer:
    return Answer({"mutes": [_shown(call, each) for each in found]})


def _shown(call: Call, result: Result) -> dict[str, Any]:
    operation = result.operation and views.operation(call, result.operation)
    error = result.error and {"code": result.error.code, "detail": result.error.detail}
    return {"host": result.host, "operation": operation, "error": error}


KIND = Kind(sections.MUTES, "mute", _PROPERTIES, choices.normal, ("expires_in",), stamp=_stamp)

Mutes = resource(KIND)
