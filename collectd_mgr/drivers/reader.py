# SPDX-License-Identifier: Apache-2.0
"""Reads of collectd's cache, over the extension's socket: columns there, rows here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collectd_mgr.domain.reads import Flush, Page, Query
from collectd_mgr.wire.client import WireClient


class Reader:
    """Any number of threads may share it."""

    def __init__(self, wire: WireClient) -> None:
        self._wire = wire

    def metrics(self, query: Query) -> Page:
        """:raises BadRequest: ``match`` is not a regular expression"""
        answer = self._wire.call("metrics_list", query.to_dict())
        return Page(tuple(_rows(answer)), answer["marker"])

    def values(self, query: Query) -> Page:
        """As :meth:`metrics`."""
        answer = self._wire.call("values_get", query.to_dict())
        rows = (
            {**row, "values": _values(answer["sources"][kind], values, rates)}
            for row, kind, values, rates in zip(
                _rows(answer), answer["types"], answer["values"], answer["rates"], strict=True
            )
        )
        return Page(tuple(rows), answer["marker"])

    def flush(self, flush: Flush) -> dict[str, Any]:
        """What was asked for; collectd says nothing of the outcome."""
        self._wire.call("flush", flush.to_dict())
        return flush.to_dict()


def _rows(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    columns = zip(answer["names"], answer["intervals"], answer["times"], strict=True)
    return ({"id": name, "interval": interval, "last_update": time} for name, interval, time in columns)


def _values(sources: list[list[str]], values: list[Any], rates: list[Any]) -> list[dict[str, Any]]:
    columns = zip(sources, values, rates, strict=True)
    return [{"name": name, "type": kind, "value": value, "rate": rate} for (name, kind), value, rate in columns]
