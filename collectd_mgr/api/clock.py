# SPDX-License-Identifier: Apache-2.0
"""``/v1/hosts/{host}/clock``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from collectd_mgr.api.call import Call
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import clock as schemas
from collectd_mgr.control.clocks import Clocks, Measured


def _clocks(call: Call) -> Clocks:
    return Clocks(call.control.database, call.control.agents)


def _shown(measured: Measured) -> dict[str, Any]:
    reading = measured.reading
    return {
        "state": measured.state,
        "time": reading.answered,
        "controller_time": measured.exchange.got,
        "offset": measured.exchange.offset,
        "error": measured.exchange.error,
        "monotonic": reading.monotonic,
        "boottime": reading.boottime,
        "boot_id": reading.boot_id,
        "interval": reading.interval,
        "grid": list(reading.grid),
        "future_metrics": reading.future,
        "refused_until": reading.until,
        "service": reading.service and reading.service.to_dict(),
        "silent_services": dict(reading.silent),
        "step_allowed": reading.step_allowed,
    }


class Sync(Resource):
    @expose("collectd_mgr:clock:sync", "Correct the clock", body=schemas.SYNC, answers={200: schemas.SYNCED})
    def post(self, call: Call) -> Answer:
        host, step = call.control.known_as(call.host), call.body.get("step", False)
        before, asked, after = _clocks(call).sync(host, step, call.request_id, call.services.read_timeout)
        return Answer({"before": _shown(before), "sync": asked, "after": _shown(after)})


class Clock(Resource):
    children: ClassVar[Mapping[str, Resource]] = {"sync": Sync()}

    @expose("collectd_mgr:clock:get", "Show the clocks of a host", answers={200: schemas.ONE})
    def get(self, call: Call) -> Answer:
        host = call.control.known_as(call.host)
        measured = _clocks(call).measure(host, call.request_id, call.services.read_timeout)
        return Answer({"clock": _shown(measured)})
