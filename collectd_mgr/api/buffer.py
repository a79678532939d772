# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/buffer``."""

from __future__ import annotations

from typing import Any

from collectd_mgr import exception
from collectd_mgr.api import views
from collectd_mgr.api.call import Call
from collectd_mgr.api.operations import written
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import buffer as schemas
from collectd_mgr.control import buffer
from collectd_mgr.control.edits import Desired
from collectd_mgr.control.sections import facts
from collectd_mgr.db.models import Host
from collectd_mgr.domain import queue, sections


class Buffer(Resource):
    @expose("collectd_mgr:buffer:get", "Show buffers, their use and losses", answers={200: schemas.ONE})
    def get(self, call: Call) -> Answer:
        return Answer({"buffer": _shown(call, *call.control.desired(call.host))})

    @expose(
        "collectd_mgr:buffer:set",
        "Set how large buffers may be",
        body=schemas.SET,
        answers=dict.fromkeys((200, 202), schemas.WRITTEN),
    )
    def put(self, call: Call) -> Answer:
        wanted = {**call.body, "write_queue": queue.normal(call.body["write_queue"])}
        edit = buffer.edit(wanted, call.lease)
        done = call.control.change(call.requester, call.host, edit, buffer.ACTION, expected=call.expected)
        shown = _shown(call, done.host, done.desired)
        return Answer({"operation": views.operation(call, done.operation), "buffer": shown}, written(done.operation))


def _shown(call: Call, host: Host, desired: Desired) -> dict[str, Any]:
    of = buffer.SETTINGS.items()
    effective = {key: facts(host, section).get("settings", {}).get(name) for key, (section, name) in of}
    wanted = {key: desired.section(section).get(name) for key, (section, name) in of}
    theirs = facts(host, sections.QUEUE).get("host", {}).get(queue.LIMITS)
    origin = "managed" if effective["write_queue"] else "host" if theirs else None
    return {
        "desired": wanted,
        "effective": effective,
        "host": {"write_queue": theirs},
        "origin": {"write_queue": origin},
        "use": _use(call, host),
    }


def _use(call: Call, host: Host) -> dict[str, Any] | None:
    try:
        return call.control.agents.buffer(host.name, request_id=call.request_id, timeout=call.services.read_timeout)
    except (exception.AgentUnreachable, exception.RequestTimeout):
        return None
