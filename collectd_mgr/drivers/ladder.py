# SPDX-License-Identifier: Apache-2.0
"""The enabled drivers, the least disruptive first, and which of them makes a change."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collectd_mgr import exception
from collectd_mgr.domain import capabilities
from collectd_mgr.domain.capabilities import Installed, Offer
from collectd_mgr.domain.plan import Change, Plan, Running
from collectd_mgr.domain.reads import Page, Query
from collectd_mgr.drivers import entry_points
from collectd_mgr.drivers.base import NAMESPACE, Driver, DriverSettings, Recovered
from collectd_mgr.wire.look import look

LOG = logging.getLogger(__name__)

#: Seconds for which an offer is as good as new.
_MOMENT = 1.0

#: Metrics in one answer of the daemon.
_PAGE = 10_000

#: Driver -> the sentence why it is not to be used now.
Barred = Mapping[str, str]


def load(names: Iterable[str], settings: DriverSettings) -> list[Driver]:
    """The drivers of these names, in this order.

    :raises NoDriver: with one sentence, when there is none of a name or it cannot be imported
    """
    return entry_points.load(NAMESPACE, names, settings, "driver {} of [agent] drivers", exception.NoDriver)


@dataclass(frozen=True)
class Ladder:
    """Drivers of one daemon, at least one."""

    drivers: Sequence[Driver]
    _known: dict[str, tuple[float, Offer]] = field(default_factory=dict, compare=False)

    def recover(self) -> list[Recovered]:
        """Every driver's :meth:`Driver.recover`, the most disruptive first: it may have to start the daemon."""
        return [driver.recover() for driver in reversed(self.drivers)]

    def observe(self) -> Running:
        """The daemon as the first driver sees it that sees one."""
        running = Running()
        for driver in self.drivers:
            running = driver.observe()
            if running.pid is not None:
                break
        return running

    def glance(self) -> Running:
        """The same, for who decides whether there is anything to do: a silent daemon is not waited for long."""
        with look():
            return self.observe()

    def pick(self, plan: Plan, running: Running, barred: Barred) -> Driver:
        """The first driver that can make every change of ``plan`` and refuses none.

        :raises NoDriver: ``refusals`` says why of each
        """
        refusals = {}
        for driver in self.drivers:
            refusal = barred.get(driver.name) or self._refusal(driver, plan, running)
            if refusal is None:
                return driver
            refusals[driver.name] = refusal
        sentences = " ".join(f"{name}: {refusal}" for name, refusal in refusals.items())
        raise exception.NoDriver(f"No driver can make the change. {sentences}", refusals=refusals)

    def others(self, name: str | None) -> Barred:
        """All but this one, barred; none where there is no such name."""
        names = [driver.name for driver in self.drivers]
        return {each: f"Only {name} is to be tried." for each in names if each != name} if name in names else {}

    def passed_over(self, chosen: str, plan: Plan, running: Running, barred: Barred) -> dict[str, str]:
        """Why each driver before that one cannot make every change of ``plan``."""
        before = itertools.takewhile(lambda driver: driver.name != chosen, self.drivers)
        found = {driver.name: barred.get(driver.name) or self._refusal(driver, plan, running) for driver in before}
        return {name: refusal for name, refusal in found.items() if refusal is not None}

    def offers(self, barred: Barred) -> list[Offer]:
        """What each driver can do now; one that is barred offers no changes."""
        return [_offer(self._offer(driver), barred.get(driver.name)) for driver in self.drivers]

    def installed(self) -> tuple[Installed, ...]:
        return self.drivers[0].installed()

    def reader(self, capability: str) -> Driver:
        """The first driver with this read. :raises NotCapable: when there is none"""
        with look():
            for driver in self.drivers:
                if capability in driver.offer().capabilities:
                    return driver
        raise exception.NotCapable(
            f"No driver of this host can read {capability}.", capability=capability, driver=self.drivers[0].name
        )

    def pages(self, state: str | None = None) -> Iterator[Page]:
        """All metrics in the daemon's cache, or those in that state, many at a time. :raises NotCapable: as a read"""
        reader, marker = self.reader(capabilities.METRICS), None
        while True:
            page = reader.metrics(Query(state=state, limit=_PAGE, marker=marker))
            yield page
            marker = page.marker
            if marker is None:
                return

    def sources(self, type_: str) -> frozenset[str]:
        """The data sources of a type of which there is a metric; none where there is none, or nobody who tells."""
        try:
            page = self.reader(capabilities.VALUES).values(Query(type=type_, limit=1))
        except exception.CollectdMgrError as error:
            LOG.debug("The data sources of %s are not known: %s", type_, error.detail)
            return frozenset()
        return frozenset(str(value["name"]) for row in page.rows for value in row["values"])

    def sync(self) -> None:
        for driver in self.drivers:
            driver.sync()

    def close(self) -> None:
        for driver in self.drivers:
            driver.close()

    def _refusal(self, driver: Driver, plan: Plan, running: Running) -> str | None:
        offer = self._known[driver.name] = (time.monotonic(), driver.offer())
        for change in plan:
            refusal = _lacking(offer[1], change) or driver.refusal(change, running)
            if refusal:
                return f"{change}: {refusal}"
        return None

    def _offer(self, driver: Driver) -> Offer:
        """For show: one that was looked at a moment ago, to pick the driver, is not asked for again."""
        asked, offer = self._known.get(driver.name, (-_MOMENT, None))
        return offer if offer is not None and time.monotonic() - asked < _MOMENT else driver.offer()


def _lacking(offer: Offer, change: Change) -> str | None:
    if change.kind in offer.capabilities:
        return None
    return offer.missing.get(change.kind, "The driver cannot do this.")


def _offer(offer: Offer, barred: str | None) -> Offer:
    if barred is None:
        return offer
    changes = {name for name in offer.capabilities if "." in name}
    return Offer(offer.driver, offer.capabilities - changes, {**offer.missing, **dict.fromkeys(changes, barred)})
