# SPDX-License-Identifier: Apache-2.0
"""``/v1/notifications`` and ``/v1/hosts/{host}/notifications``."""

from __future__ import annotations

from typing import Any

from collectd_mgr.api import views
from collectd_mgr.api.call import Call
from collectd_mgr.api.operations import moment
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import notifications as schemas
from collectd_mgr.control import notifications
from collectd_mgr.db.models import Notification as Row
from collectd_mgr.db.notifications import Filters
from collectd_mgr.domain.notifications import Notification

#: Whose notification it is that somebody puts in, unless they say so.
_PLUGIN = "collectd_mgr"


def _listed(call: Call, sort_key: str, **where: Any) -> Answer:
    wanted: dict[str, Any] = {name: call.query.get(name) for name in ("severity", "plugin", "muted")}
    filters = Filters(**wanted, **where, since=moment(call.query.get("since")))
    rows = notifications.listed(call.control.database, filters, call.paging(sort_key, "desc"))
    return Answer(views.page(call, "notifications", rows, _shown, "id"))


def _shown(row: Row) -> dict[str, Any]:
    names = ("id", "host", "number", "severity", "message", "count", "identifier", "plugin", "type", "muted")
    times = {name: views.time_of(getattr(row, name)) for name in ("time", "since", "received_at")}
    return {**{name: getattr(row, name) for name in names}, **times, "meta": row.meta or {}}


class HostNotifications(Resource):
    @expose(
        "collectd_mgr:host_notifications:list",
        "List a host's notifications, the latest first",
        query=schemas.QUERY,
        answers={200: schemas.LIST},
    )
    def get(self, call: Call) -> Answer:
        return _listed(call, "number", host=call.control.known_as(call.host))

    @expose(
        "collectd_mgr:host_notifications:create",
        "Put a notification in, to try the way to the pager",
        body=schemas.TEST,
        answers={202: schemas.SENT},
    )
    def post(self, call: Call) -> Answer:
        host = call.control.known_as(call.host)
        said = Notification(**{"plugin": _PLUGIN, "host": host, **call.body})
        call.control.agents.notify(host, said, request_id=call.request_id, timeout=call.services.read_timeout)
        return Answer({"notification": {"host": host, "plugin": _PLUGIN, **call.body}}, 202)


class Notifications(Resource):
    @expose(
        "collectd_mgr:notifications:list",
        "List the notifications of all hosts, the latest first",
        query=schemas.QUERY_OF_ALL,
        answers={200: schemas.LIST},
    )
    def get(self, call: Call) -> Answer:
        labels = dict(label.split("=", 1) for label in call.query.get("label", ()))
        return _listed(call, "time", host=call.query.get("host"), labels=labels)
