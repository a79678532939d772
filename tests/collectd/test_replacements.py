# SPDX-License-Identifier: Apache-2.0
"""Replacements one after the other, of a collectd that writes to csv: no sample is missing, none is there twice.

The same of one whose instances are containers and, in the long form, of a unit of systemd. Beside them the same by
restarts, and a collectd that nobody touches: other load on the machine delays the samples of all of them. So the steps
between samples count in the long form alone, ``CM_LONG=1``: 50 replacements at an interval of a second. In any form
what a plugin notes of its reads is held against what was written of them.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from collectd_mgr.domain.plan import Running, plan
from collectd_mgr.domain.spec import Goal, PluginGoal
from collectd_mgr.drivers.base import Driver, DriverSettings, Order
from collectd_mgr.drivers.replace import ReplaceDriver
from collectd_mgr.drivers.restart import RestartDriver
from collectd_mgr.drivers.snippet import snippet
from collectd_mgr.testing.suite.rigs import Host, settings_in
from tests.collectd.containers import contained
from tests.collectd.ledger import Account, account
from tests.collectd.samples import Count, Series, count, series
from tests.collectd.units import have_unit, host_of_unit
from tests.systemd import Systemd

LONG = bool(os.environ.get("CM_LONG"))
ROUNDS, INTERVAL = (50, 1.0) if LONG else (10, 0.1)

#: Some give rates, some gauges; and the one by the name of entropy keeps a ledger.
PLUGINS = ("contextswitch", "cpu", "entropy", "interface", "irq", "load", "memory", "swap", "uptime", "users", "vmem")


@dataclass(frozen=True)
class Kind:
    """Who changes a collectd, and who runs it."""

    driver: Callable[[DriverSettings], Driver]
    run_by: Callable[[DriverSettings], DriverSettings] = lambda settings: settings


def by_systemd(settings: DriverSettings) -> DriverSettings:
    return dataclasses.replace(settings, daemon="systemd", unit="measured.service")


KINDS = {
    "replace": Kind(ReplaceDriver),
    "podman": Kind(ReplaceDriver, contained),
    **({"unit": Kind(ReplaceDriver, by_systemd)} if LONG else {}),
    "restart": Kind(RestartDriver),
    "untouched": Kind(RestartDriver),
}

#: Those of which no sample is to be lost.
SEAMLESS = tuple(name for name, kind in KINDS.items() if kind.driver is ReplaceDriver)


@contextmanager
def host(kind: Kind, ledger: Path) -> Iterator[Host]:
    """:param ledger: a plugin that comes in the place of collectd's entropy"""
    with tempfile.TemporaryDirectory(prefix="cm-", dir="/tmp") as name:
        directory = Path(name)
        own = plugins(directory / "plugins", ledger)
        settings = dataclasses.replace(settings_in(directory), self_metrics=False, plugin_dir=str(own))
        settings = kind.run_by(settings)
        lines = [f'Hostname "{settings.host}"', "FQDNLookup false", f"Interval {INTERVAL}", f'BaseDir "{name}"']
        lines += [f'PluginDir "{own}"']
        # Other work that delays a read by two tenths of a second is not to make the cache forget.
        lines += [] if LONG else ["Timeout 50"]
        lines += ["LoadPlugin csv", f'<Plugin csv>\n  DataDir "{name}/csv"\n  StoreRates true\n</Plugin>']
        lines += [f"LoadPlugin {plugin}" for plugin in PLUGINS]
        Path(settings.config_file).write_text("\n".join([*lines, snippet(settings)]), encoding="utf-8")
        with unit(settings) if settings.daemon == "systemd" else Host(settings, kind.driver).running() as found:
            yield found


def plugins(directory: Path, ledger: Path) -> Path:
    """Copies: collectd follows no links to plugins."""
    directory.mkdir()
    for plugin in (*PLUGINS, "csv", "df", "logfile", "python"):
        shutil.copy2(f"/usr/lib/collectd/{plugin}.so", directory)
    shutil.copy2(ledger, directory / "entropy.so")
    return directory


@contextmanager
def unit(settings: DriverSettings) -> Iterator[Host]:
    with Systemd() as systemd:
        have_unit(systemd, settings)
        with host_of_unit(systemd, settings, ReplaceDriver).running() as found:
            yield found


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


def written(found: Host) -> dict[str, Series]:
    """All series but those that are configured otherwise in each round."""
    files = series(Path(found.settings.config_file).parent / "csv")
    return {name: each for name, each in files.items() if "/df-" not in name}


@dataclass
class Rounds:
    """What came of so many."""

    written: dict[str, dict[str, Series]]
    ledgers: dict[str, Path]
    since: float

    def total(self, name: str) -> Count:
        return count(self.written[name], INTERVAL, self.since)

    def account(self, name: str) -> Account:
        return account(self.ledgers[name], self.written[name], INTERVAL)


@pytest.fixture(scope="module")
def rounds(compiled: dict[str, Path]) -> Iterator[Rounds]:
    with ExitStack() as stack:
        hosts = {name: stack.enter_context(host(kind, compiled["ledger"])) for name, kind in KINDS.items()}
        changed = {name: hosts[name].driver() for name in (*SEAMLESS, "restart")}
        time.sleep(5 * INTERVAL)
        since = time.time()
        for number in range(1, ROUNDS + 1):
            for driver in changed.values():
                before = driver.observe().pid
                assert renew(driver, number).pid != before
                time.sleep(3 * INTERVAL)
        ledgers = {name: Path(each.settings.config_file).with_name("ledger") for name, each in hosts.items()}
        found = Rounds({name: written(each) for name, each in hosts.items()}, ledgers, since)
        print(*(f"{name}: {found.total(name)}; {found.account(name)}" for name in hosts), sep="\n")
        yield found


@pytest.mark.timeout(3600)
def test_every_sample_has_its_rate(rounds: Rounds) -> None:
    assert [rounds.total(name).unknown for name in SEAMLESS] == [0] * len(SEAMLESS)
    assert rounds.total("restart").unknown > 0


@pytest.mark.timeout(3600)
def test_all_that_was_read_is_written_once(rounds: Rounds) -> None:
    """On a busy machine too: of a hand-over beside which a read was late nothing is claimed."""
    for name in SEAMLESS:
        found = rounds.account(name)
        assert found.samples
        assert (found.missing, found.twice) == (0, 0), (name, found)


@pytest.mark.timeout(3600)
def test_no_sample_is_missing_and_none_is_there_twice(rounds: Rounds) -> None:
    """In the form that counts. A step of a tenth of a second is soon over, or under, by a half, whoever reads.

    That of a restart is so too, or neither: as long as it takes, and as the moment has it.
    """
    assert rounds.total("restart").off > 0
    if LONG:
        assert [(rounds.total(name).missing, rounds.total(name).doubled) for name in SEAMLESS] == [(0, 0)] * len(
            SEAMLESS
        )
