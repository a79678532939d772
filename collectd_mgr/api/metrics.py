# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/metrics``, ``values`` and ``flush``: the cache of the daemon, asked for directly."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import ClassVar

from collectd_mgr import exception
from collectd_mgr.api import ring, rows
from collectd_mgr.api.call import Call
from collectd_mgr.api.resource import Answer, Rendered, Resource, expose
from collectd_mgr.api.schemas import metrics as schemas
from collectd_mgr.domain import safety
from collectd_mgr.domain.expression import Expression, NoExpression
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.domain.reads import Flush as Order
from collectd_mgr.domain.reads import Page, Query


def _query(call: Call) -> Query:
    wanted = {name: call.query.get(name) for name in ("plugin", "type", "match", "state", "marker")}
    try:
        # As collectd has them: it is the same here.
        Expression(wanted["match"] or "")
    except NoExpression as error:
        raise exception.BadRequest(f"query.match: must be a regular expression: {error}", field="query.match") from None
    return Query(**wanted, limit=call.up_to(call.services.max_metrics))


def _read(call: Call, key: str, read: Callable[..., Page]) -> Answer:
    query = _query(call)
    host = call.control.known_as(call.host)
    page = read(host, query, request_id=call.request_id, timeout=call.services.read_timeout)
    about = json.dumps({"missing": page.missing, "links": call.links(page.marker, query.limit)})
    return Answer(Rendered(rows.text(page.rows, time.time(), f'{about[:-1]}, "{key}": ', "}")))


class Metrics(Resource):
    @expose("collectd_mgr:metrics:list", "List metrics", query=schemas.QUERY, answers={200: schemas.METRICS})
    def get(self, call: Call) -> Answer:
        return _read(call, "metrics", call.control.agents.metrics)


class Values(Resource):
    children: ClassVar[Mapping[str, Resource]] = {"publish": ring.Publish()}

    @expose("collectd_mgr:values:list", "List values", query=schemas.VALUES_QUERY, answers={200: schemas.VALUES})
    def get(self, call: Call) -> Answer:
        if "since" in call.query:
            return ring.recent(call)
        return _read(call, "values", call.control.agents.values)


class Flush(Resource):
    @expose("collectd_mgr:flush:post", "Make write plugins write", body=schemas.FLUSH, answers={200: schemas.FLUSHED})
    def post(self, call: Call) -> Answer:
        if "plugin" in call.body:
            safety.check_name(call.body["plugin"])
        if "identifier" in call.body:
            Identifier.parse(call.body["identifier"])
        host, services = call.control.known_as(call.host), call.services
        order = Order(**call.body)
        return Answer(call.control.agents.flush(host, order, request_id=call.request_id, timeout=services.read_timeout))
