# SPDX-License-Identifier: Apache-2.0
"""Reads of collectd's cache, over the extension's socket; their columns are handed on as they came."""

from __future__ import annotations

from typing import Any

from collectd_mgr.domain.columns import Columns
from collectd_mgr.domain.notifications import Batch, Notification, Position
from collectd_mgr.domain.reads import Flush, Page, Query, mark, marked
from collectd_mgr.wire.client import WireClient

#: What a notification is made of that is put in.
_PARTS = ("severity", "message", "host", "plugin", "plugin_instance", "type", "type_instance")

#: Seconds for an answer, besides those that it may wait inside collectd.
_PATIENCE = 10.0


class Reader:
    """Any number of threads may share it."""

    def __init__(self, wire: WireClient) -> None:
        self._wire = wire

    def metrics(self, query: Query) -> Page:
        """:raises BadRequest: ``match`` is not a regular expression"""
        return self._page("metrics_list", query)

    def values(self, query: Query) -> Page:
        """As :meth:`metrics`."""
        return self._page("values_get", query)

    def _page(self, method: str, query: Query) -> Page:
        """A marker is the bare name on the socket, which may be no text for anybody else."""
        after = None if query.marker is None else marked(query.marker)
        answer = self._wire.call(method, {**query.to_dict(), "marker": after})
        last, process = answer.pop("marker"), answer.pop("process", None)
        return Page(Columns(answer), None if last is None else mark(last), process=process)

    def notifications(self, position: Position, limit: int, wait: float) -> Batch:
        """As the contract of the drivers has it."""
        params = {**position.to_dict(), "limit": limit, "wait": wait}
        return Batch.from_dict(self._wire.call("notifications_read", params, timeout=wait + _PATIENCE))

    def notify(self, notification: Notification, request_id: str) -> None:
        """As the contract of the drivers has it."""
        parts = {name: getattr(notification, name) for name in _PARTS}
        self._wire.call("notification_send", parts, request_id=request_id)

    def flush(self, flush: Flush, request_id: str) -> dict[str, Any]:
        """As the contract of drivers has it."""
        return {"plugins": self._wire.call("flush", flush.to_dict(), request_id=request_id)}
