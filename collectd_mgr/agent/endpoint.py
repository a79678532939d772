# SPDX-License-Identifier: Apache-2.0
"""What the agent answers to on the bus: a table of contents. The other side is :mod:`collectd_mgr.rpc.agent`."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from collectd_mgr import exception
from collectd_mgr.agent.applier import Applier
from collectd_mgr.agent.clock import Clock
from collectd_mgr.agent.explain import Explain
from collectd_mgr.agent.preflight import Preflight
from collectd_mgr.agent.reads import Reads
from collectd_mgr.agent.reporter import Reporter
from collectd_mgr.domain.notifications import Notification
from collectd_mgr.domain.reads import Flush, Query
from collectd_mgr.domain.ring import RingQuery
from collectd_mgr.domain.spec import HostSpec, Layer
from collectd_mgr.publisher.publisher import Publisher
from collectd_mgr.rpc.agent import TARGET, expected

Json = dict[str, Any]
T = TypeVar("T")


class AgentEndpoint:
    target = TARGET

    def __init__(
        self,
        applier: Applier,
        reporter: Reporter,
        reads: Reads,
        clock: Clock,
        explain: Explain,
        preflight: Preflight,
        publisher: Publisher,
    ) -> None:
        self._applier = applier
        self._reporter = reporter
        self._reads = reads
        self._clock = clock
        self._explain = explain
        self._preflight = preflight
        self._publisher = publisher

    @expected
    def apply(self, context: Json, spec: Json) -> Json:
        running = self._applier.apply(_read(HostSpec.from_dict, spec), context.get("request_id", ""))
        return self._reporter.answer(running).to_dict()

    @expected
    def status(self, context: Json) -> Json:
        return self._reporter.observed().to_dict()

    @expected
    def metrics(self, context: Json, query: Json) -> Json:
        return self._reads.metrics(Query.from_dict(query)).to_dict()

    @expected
    def values(self, context: Json, query: Json) -> Json:
        return self._reads.values(Query.from_dict(query)).to_dict()

    @expected
    def flush(self, context: Json, flush: Json) -> Json:
        return self._reads.flush(Flush.from_dict(flush), context.get("request_id", ""))

    @expected
    def notify(self, context: Json, notification: Json) -> None:
        self._reads.notify(Notification.from_dict(notification), context.get("request_id", ""))

    @expected
    def explain(self, context: Json, metric: str) -> Json:
        return self._explain.explain(metric).to_dict()

    @expected
    def recent(self, context: Json, query: Json) -> Json:
        return self._publisher.recent(RingQuery.from_dict(query)).to_dict()

    @expected
    def publish(self, context: Json, query: Json) -> int:
        return self._publisher.publish(RingQuery.from_dict(query))

    @expected
    def buffer(self, context: Json) -> Json:
        return self._publisher.facts()

    @expected
    def config(self, context: Json) -> Json:
        return dict(self._reads.config())

    @expected
    def clock(self, context: Json) -> Json:
        return self._clock.reading().to_dict()

    @expected
    def clock_sync(self, context: Json, step: bool, patience: float) -> Json:
        return self._clock.sync(step, patience)

    @expected
    def plugin_test(self, context: Json, plugin: str, layer: Json, patience: float) -> Json:
        return self._preflight.test(plugin, _read(Layer.from_dict, layer), patience)

    @expected
    def preview(self, context: Json, spec: Json, patience: float) -> Json:
        return self._preflight.preview(_read(HostSpec.from_dict, spec), patience)


def _read(read: Callable[[Json], T], data: Json) -> T:
    """:raises BadRequest: whoever sent it need not have asked the API: it is not of the shape that it is to have"""
    try:
        # What is no number has no digest, and half a character no bytes: what was taken up could not be told.
        json.dumps(data, ensure_ascii=False, allow_nan=False).encode()
        return read(data)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise exception.BadRequest(f"The call cannot be read: {type(error).__name__}: {error}") from None
