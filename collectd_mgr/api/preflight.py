# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/plugins/{plugin}/test`` and ``/v1/hosts/{host}/preview``: nothing is changed or stored."""

from __future__ import annotations

from collectd_mgr.api.call import Call
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import preflight as schemas
from collectd_mgr.control.preflight import Preflight
from collectd_mgr.domain import safety


class Test(Resource):
    @expose("collectd_mgr:plugins:test", "Try a plugin", body=schemas.TEST, answers={200: schemas.TESTED_ONE})
    def post(self, call: Call) -> Answer:
        plugin = safety.check_name(call.path["plugin"]).lower()
        tried = Preflight(call.control).test(call.host, plugin, call.body, call.request_id)
        return Answer({"test": {"plugin": plugin, "values": tried["rows"], "warnings": tried["warnings"]}})


class Preview(Resource):
    @expose("collectd_mgr:hosts:preview", "Say what would be", body=schemas.PREVIEW, answers={200: schemas.ONE})
    def post(self, call: Call) -> Answer:
        changes = {safety.check_name(name).lower(): given for name, given in call.body["plugins"].items()}
        return Answer({"preview": Preflight(call.control).preview(call.host, changes, call.request_id)})
