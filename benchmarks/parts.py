# SPDX-License-Identifier: Apache-2.0
"""What the parts cost that a change is made of, each by itself, beside the change.

``python -m benchmarks.parts`` measures on a deployment of its own, in turn. Each part is the product's own code with
nothing to do but that: as long as a change passes through these hands, it takes no less than their sum.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from oslo_config import cfg

from benchmarks import bed, figures
from benchmarks.bed import Bed
from benchmarks.figures import Series
from benchmarks.processor import Processor, parts
from benchmarks.put import LIVE, Switch
from collectd_mgr import disk
from collectd_mgr.conf import opts
from collectd_mgr.control import edits
from collectd_mgr.control.hosts import HostControl, status_of
from collectd_mgr.control.requester import Requester
from collectd_mgr.db.engine import Database
from collectd_mgr.domain.spec import HostSpec, PluginSetting
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc import transport
from collectd_mgr.rpc.agent import AgentAPI
from collectd_mgr.rpc.status import Reports
from collectd_mgr.wire.client import WireClient
from tests.functional.deployment import Agent

RECORDS = "records.example.org"


class Echo(AgentAPI):
    """An agent without a bus: what it is sent is applied at once, and all else is as ``status`` has it."""

    def __init__(self, status: HostStatus) -> None:
        self._status = status
        self._numbers = itertools.count(status.sequence + 1)

    def apply(self, host: str, spec: HostSpec, request_id: str = "", timeout: float | None = None) -> HostStatus:
        return replace(self._status, generation=spec.generation, outcome="applied", sequence=next(self._numbers))


class Parts:
    """Those of a change of ``agent``, a host of ``ground``."""

    def __init__(self, stack: ExitStack, ground: Bed, agent: Agent) -> None:
        conf = _configuration(ground)
        database, bus = Database(conf), transport.rpc(conf)
        stack.callback(database.close)
        stack.callback(bus.cleanup)
        self._connection, self._agents = ground.connection(), AgentAPI(bus)
        self._control = HostControl(database, self._agents)
        self._records = self._recorded(database)
        self._wire = WireClient(str(agent.home / "socket"))
        stack.callback(self._wire.close)
        self._file = agent.home / "benchmark"
        self._spec, self._states = self._control.spec_of(LIVE), itertools.cycle((True, False))

    def _recorded(self, database: Database) -> HostControl:
        """With a host in it whose status is as long as that of the real one."""
        status = status_of(self._control.get(LIVE))
        assert status is not None, f"{LIVE} was not heard yet"
        status = replace(status, host=RECORDS, generation=None, outcome=None, leases={}, capabilities={})
        control = HostControl(database, Echo(status.brief()))
        control.receive(Reports(statuses=(status,)))
        return control

    def all(self) -> dict[str, Callable[[], Any]]:
        return {
            "a request: server, middleware, pecan": lambda: self._connection("GET", "/v1"),
            "records: two transactions, ten round trips": self._stored,
            "the call: spec, a look at collectd, status": lambda: self._agents.apply(LIVE, self._spec),
            "collectd: two questions more": self._asked,
            "the disk: waited for twice": lambda: disk.replace(self._file, "x" * 4096),
        }

    def again(self) -> None:
        """A change was made: the call is about that one from now on, and nothing is left to do about it."""
        self._spec = self._control.spec_of(LIVE)

    def _stored(self) -> None:
        edit = edits.set_plugin("memory", PluginSetting(next(self._states)))
        done = self._records.change(Requester(), RECORDS, edit, "set", "memory")
        assert done.operation.state == "succeeded", done.operation.state

    def _asked(self) -> None:
        for _ in range(2):
            self._wire.call("status")


def _configuration(ground: Bed) -> cfg.ConfigOpts:
    """That of the API."""
    conf = transport.prepare(opts.register(cfg.ConfigOpts()))
    conf([], project="benchmark", default_config_files=[ground.deployment.apis[0].env["COLLECTD_MGR_CONFIG_FILES"]])
    return conf


def measure(stack: ExitStack, ground: Bed, rounds: int) -> str:
    agent = ground.host(LIVE)
    change = Switch(ground.connection(), LIVE, "memory", {}, "live")
    change()
    change()
    made_of = Parts(stack, ground, agent)
    base, whole = Series("empty RPC call"), Series("the change: memory, live, verdict known")
    series = {name: Series(name) for name in made_of.all()}
    for act in made_of.all().values():
        act()
    processor = Processor(parts(ground, agent))
    for _ in range(rounds):
        processor.measure(base, ground.empty)
        processor.measure(whole, change)
        made_of.again()
        for name, act in made_of.all().items():
            processor.measure(series[name], act)
    rows = [*series.values(), _sum(series.values()), whole]
    return f"{figures.table(base, rows)}\n\n{processor.table([base, *series.values(), whole])}"


def _sum(series: Any) -> Series:
    """Round by round."""
    return Series("all of these", [sum(times) for times in zip(*(each.times for each in series), strict=True)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    with bed.own() as ground, ExitStack() as stack:
        print(measure(stack, ground, options.rounds))


if __name__ == "__main__":
    main()
