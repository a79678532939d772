# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/config``: the configuration in force, as collectd.conf text."""

from __future__ import annotations

from collectd_mgr.api import views
from collectd_mgr.api.call import Call
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import hosts as schemas
from collectd_mgr.control import difference, edits
from collectd_mgr.control.hosts import status_of
from collectd_mgr.domain import secrets
from collectd_mgr.domain.difference import Difference


class Config(Resource):
    @expose(
        "collectd_mgr:config:get",
        "Show the configuration, or what desired or a generation would change in it",
        query=schemas.CONFIG_QUERY,
        # pecan makes a text of nothing, where nothing differs, an answer without a body.
        answers={200: schemas.CONFIG, 204: None},
        plain=True,
    )
    def get(self, call: Call) -> Answer:
        if "diff" in call.query:
            found = _diff(call, call.query["diff"])
            return Answer(found.text if "text" in call.query else views.difference(found))
        parts = _effective(call)
        return Answer("\n".join(parts.values()) if "text" in call.query else parts)


def _effective(call: Call) -> dict[str, str]:
    host = call.control.known_as(call.host)
    parts = call.control.agents.config(host, request_id=call.request_id, timeout=call.services.read_timeout)
    return {name: secrets.mask_text(parts[name]) for name in ("host", "managed")}


def _diff(call: Call, other: str) -> Difference:
    host, desired = call.control.desired(call.host)
    if other != "desired":
        desired = edits.desired_of(call.control.spec_of(call.host, int(other)))
    status = status_of(host)
    plugins, sections = (status.plugins, status.sections) if status else ({}, {})
    return difference.from_effective(plugins, sections, desired, other)
