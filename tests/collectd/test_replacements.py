# SPDX-License-Identifier: Apache-2.0
"""Replacements one after the other, of a collectd that writes to csv: no sample is missing, none is there twice.

Beside it the same by restarts, and a collectd that nobody touches: other load on the machine delays the samples of all
three. ``CM_LONG=1`` makes it 50 replacements at an interval of a second, which is the form that counts.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from collectd_mgr.domain.plan import Running, plan
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import Driver, DriverSettings, Order
from collectd_mgr.drivers.replace import ReplaceDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.drivers.snippet import snippet
from collectd_mgr.testing.suite.rigs import Host, settings_in
from tests.collectd.samples import Count, counts, series

LONG = bool(os.environ.get("CM_LONG"))
ROUNDS, INTERVAL = (50, 1.0) if LONG else (10, 0.1)

#: Some give rates, some gauges.
PLUGINS = ("contextswitch", "cpu", "entropy", "interface", "irq", "load", "memory", "swap", "uptime", "users", "vmem")


@contextmanager
def host(kind: Callable[[DriverSettings], Driver]) -> Iterator[Host]:
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as name:
        directory = Path(name)
        settings = dataclasses.replace(settings_in(directory), self_metrics=False)
        lines = [f'Hostname "{settings.host}"', "FQDNLookup false", f"Interval {INTERVAL}", f'BaseDir "{name}"']
        lines += ["LoadPlugin csv", f'<Plugin csv>\n  DataDir "{name}/csv"\n  StoreRates true\n</Plugin>']
        lines += [f"LoadPlugin {plugin}" for plugin in PLUGINS]
        Path(settings.config_file).write_text("\n".join([*lines, snippet(settings)]), encoding="utf-8")
        found = Host(settings, kind)
        try:
            found.collectd.prepare()
            found.start()
            yield found
        finally:
            found.close()


def goal(number: int) -> Goal:
    own = {name: PluginGoal(True, origin="host") for name in (*PLUGINS, "csv", "python")}
    return Goal(
        {**own, "df": PluginGoal(True, INTERVAL, {"ValuesPercentage": bool(number % 2)})}, daemon_restarts=number
    )


def renew(driver: Driver, number: int) -> Running:
    wanted = goal(number)
    order = Order(wanted, plan(driver.observe(), wanted), f"req-{number}", f"epoch/{number}")
    applied = driver.apply(order)
    assert not plan(applied.running, wanted)
    return applied.running


def count(found: Host, since: float) -> Count:
    """Of all series but those that are configured otherwise in each round."""
    files = series(Path(found.settings.config_file).parent / "csv")
    kept = {name: each for name, each in files.items() if "/df-" not in name}
    return sum(counts(kept, INTERVAL, since).values(), Count())


@pytest.mark.timeout(3600)
def test_no_sample_is_missing_and_none_is_there_twice() -> None:
    with ExitStack() as stack:
        hosts = {name: stack.enter_context(host(kind)) for name, kind in KINDS.items()}
        changed = {name: hosts[name].driver() for name in ("replace", "restart")}
        time.sleep(5 * INTERVAL)
        since = time.time()
        pids = {name: {renew(changed[name], 1).pid} for name in changed}
        for number in range(2, ROUNDS + 1):
            for name, driver in changed.items():
                time.sleep(2 * INTERVAL)
                pids[name].add(renew(driver, number).pid)
        time.sleep(5 * INTERVAL)
        found = {name: count(each, since) for name, each in hosts.items()}
    print(*(f"{name}: {each}" for name, each in found.items()), sep="\n")
    assert [len(each) for each in pids.values()] == [ROUNDS, ROUNDS]
    assert found["replace"].unknown == 0
    assert found["restart"].unknown > 0
    if LONG:
        assert (found["replace"].missing, found["replace"].doubled) == (0, 0)
    # A step of a tenth of a second is soon over, or under, by a half where other work delays a read.
    assert 50 * found["replace"].off < found["restart"].off


KINDS: dict[str, Callable[[DriverSettings], Driver]] = {
    "replace": ReplaceDriver,
    "restart": RestartDriver,
    "untouched": RestartDriver,
}
