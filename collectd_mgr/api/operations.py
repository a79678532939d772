# SPDX-License-Identifier: Apache-2.0
"""``/v1/operations``."""

from __future__ import annotations

from datetime import UTC, datetime

from collectd_mgr import exception
from collectd_mgr.api import views
from collectd_mgr.api.call import Call
from collectd_mgr.api.resource import Answer, Resource, expose
from collectd_mgr.api.schemas import operations as schemas
from collectd_mgr.control import history
from collectd_mgr.control.hosts import Outcome
from collectd_mgr.db.models import Operation as Row
from collectd_mgr.db.operations import Filters


class Operation(Resource):
    @expose("collectd_mgr:operations:get", "Show an operation", answers={200: schemas.ONE})
    def get(self, call: Call) -> Answer:
        row = history.operation(call.control.database, call.path["operation"])
        return Answer({"operation": views.operation(call, row)})


class Operations(Resource):
    item = ("operation", Operation())

    @expose(
        "collectd_mgr:operations:list",
        "List operations, the latest first",
        query=schemas.QUERY,
        answers={200: schemas.LIST},
    )
    def get(self, call: Call) -> Answer:
        wanted = {name: call.query.get(name) for name in ("host", "user", "state", "plugin")}
        filters = Filters(**wanted, since=moment(call.query.get("since")))
        rows = history.operations_of(call.control.database, filters, call.paging("created_at", "desc"))
        return Answer(views.page(call, "operations", rows, lambda row: views.operation(call, row), "id"))


def written(row: Row) -> int:
    """The status of the answer to a write: 200 when the outcome is known, 202 when it is not yet."""
    return 200 if history.settled(row) else 202


def written_host(call: Call, done: Outcome) -> Answer:
    """The answer to a change of a host as a whole."""
    shown = views.host(call, done.host, done.desired)
    return Answer({"operation": views.operation(call, done.operation), "host": shown}, written(done.operation))


def moment(text: str | None) -> datetime | None:
    """A time in a query, as the columns have it. :raises BadRequest:"""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError):
        raise exception.BadRequest("query.since: must be a time in ISO 8601", field="query.since") from None
