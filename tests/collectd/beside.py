# SPDX-License-Identifier: Apache-2.0
"""A second collectd beside a real one, as an agent leaves it that is killed then."""

from __future__ import annotations

from collectd_mgr.domain import managed
from collectd_mgr.domain.spec import Goal
from collectd_mgr.drivers import operators
from collectd_mgr.drivers.succession import Succession
from collectd_mgr.testing.suite.rigs import Host


def beside(host: Host, goal: Goal) -> Succession:
    """It was started by an attempt to reach this goal, which is closed with the host."""
    text = host.collectd.render(goal, "epoch/7")
    host.collectd.files.stage(text)
    old = host.collectd.daemon.find()
    assert old is not None
    succession = Succession(host.settings, host.collectd, old)
    host.exits.callback(succession.close)
    succession.start(operators.beside(host.settings, managed.parse(text)))
    return succession
