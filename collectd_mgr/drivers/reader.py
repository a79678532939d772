# SPDX-License-Identifier: Apache-2.0
"""Reads of collectd's cache, over the extension's socket; their columns are handed on as they came."""

from __future__ import annotations

from typing import Any

from collectd_mgr.domain.columns import Columns
from collectd_mgr.domain.reads import Flush, Page, Query
from collectd_mgr.wire.client import WireClient


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
        answer = self._wire.call(method, query.to_dict())
        return Page(Columns(answer), answer.pop("marker"))

    def flush(self, flush: Flush) -> dict[str, Any]:
        """What was asked for; collectd says nothing of the outcome."""
        self._wire.call("flush", flush.to_dict())
        return flush.to_dict()
