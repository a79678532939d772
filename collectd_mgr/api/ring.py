# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/ring``: the metrics whose recent values the host keeps, and what becomes of these."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from collectd_mgr import exception
from collectd_mgr.api import rows
from collectd_mgr.api.call import Call
from collectd_mgr.api.operations import moment
from collectd_mgr.api.resource import Answer, Rendered, Resource, expose
from collectd_mgr.api.schemas import ring as schemas
from collectd_mgr.api.sections import Kind, resource
from collectd_mgr.domain import choices, sections
from collectd_mgr.domain.ring import RingQuery

KIND = Kind(sections.RING, "choice", schemas.PROPERTIES, choices.normal, ("identifier",))

Ring = resource(KIND)


def _query(call: Call, where: Mapping[str, Any]) -> RingQuery:
    at = moment(where["since"])
    assert at is not None
    since = at.replace(tzinfo=UTC).timestamp()
    return RingQuery(since, where.get("plugin"), where.get("type"), call.limit, where.get("marker"))


def recent(call: Call) -> Answer:
    """The answer to ``values?since=``: each value with its time. :raises BadRequest: with a filter that this has not"""
    for name in {"match", "state"} & call.query.keys():
        raise exception.BadRequest(f"query.{name}: not together with since", field=f"query.{name}")
    host, services = call.control.known_as(call.host), call.services
    wanted = _query(call, call.query)
    page = call.control.agents.recent(host, wanted, request_id=call.request_id, timeout=services.read_timeout)
    links = json.dumps(call.links(page.marker))
    shown = rows.text(page.rows, time.time())
    return Answer(Rendered(f'{{"values": {shown}, "missing": null, "links": {links}}}'))


class Publish(Resource):
    @expose(
        "collectd_mgr:values:publish",
        "Publish what the host kept",
        body=schemas.PUBLISH,
        answers={202: schemas.PUBLISHED},
    )
    def post(self, call: Call) -> Answer:
        host, services = call.control.known_as(call.host), call.services
        agents, wanted = call.control.agents, _query(call, call.body)
        orders = agents.publish(host, wanted, request_id=call.request_id, timeout=services.read_timeout)
        return Answer({"orders": orders}, 202)
