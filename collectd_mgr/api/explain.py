# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/explain``: why is a metric missing?"""

from __future__ import annotations

from collectd_mgr import exception
from collectd_mgr.api import views
from collectd_mgr.api.call import Call
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import explain as schemas
from collectd_mgr.db.models import Host
from collectd_mgr.domain.explain import SILENT, Explanation
from collectd_mgr.domain.metrics import Identifier


class Explain(Resource):
    @expose(
        "collectd_mgr:explain:get",
        "Say why a metric is missing: the first broken link from the plugin to the bus",
        query=schemas.QUERY,
        answers={200: schemas.ONE},
    )
    def get(self, call: Call) -> Answer:
        metric = str(Identifier.parse(call.query["id"]))
        found = _explanation(call, call.control.get(call.host), metric)
        return Answer({"explanation": {"id": metric, **found.to_dict()}})


def _explanation(call: Call, host: Host, metric: str) -> Explanation:
    services = call.services
    try:
        return call.control.agents.explain(host.name, metric, request_id=call.request_id, timeout=services.read_timeout)
    except exception.AgentUnreachable as error:
        heard = views.time_of(host.heartbeat_at)
        facts = {"status": host.state, "heartbeat_at": heard}
        return Explanation(SILENT, f"{error.detail} It was heard last at {heard}.", facts)
