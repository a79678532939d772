# SPDX-License-Identifier: Apache-2.0
"""What can be asked of the daemon without changing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from collectd_mgr import exception
from collectd_mgr.agent.absent import Absent
from collectd_mgr.agent.state import State
from collectd_mgr.domain import capabilities, grammar, ignorelist, managed, mode, secrets
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.metrics import MISSING
from collectd_mgr.domain.notifications import Batch, Notification, Position
from collectd_mgr.domain.reads import Flush, Page, Query
from collectd_mgr.domain.spec import Goal
from collectd_mgr.drivers.ladder import Ladder
from collectd_mgr.wire.look import look

#: Seconds for a silent daemon: less than somebody waits who asks for values.
_PATIENCE = 5.0

#: What a read that got no answer ends with.
_UNANSWERED = (exception.DaemonUnreachable, exception.RequestTimeout)


class Reads:
    """Any thread may read; each read goes to the first driver that has it.

    :raises NotCapable: no driver has it
    :raises HostNotManaged: in mode ``off``
    :raises DaemonUnreachable: collectd does not run, or does not answer
    """

    def __init__(self, state: State, ladder: Ladder, absent: Absent) -> None:
        self._state = state
        self._ladder = ladder
        self._absent = absent

    def metrics(self, query: Query) -> Page:
        self._check()
        with self._answering():
            return self._page(query, self._ladder.reader(capabilities.METRICS).metrics, False)

    def values(self, query: Query) -> Page:
        self._check()
        with self._answering():
            return self._page(query, self._ladder.reader(capabilities.VALUES).values, True)

    def _page(self, query: Query, read: Callable[[Query], Page], values: bool) -> Page:
        """What the daemon has; of what is missing, what it had too."""
        page = read(query)
        if query.state == MISSING:
            page = self._absent.page(query, values, page.rows)
        return replace(page, missing=len(self._absent))

    def flush(self, flush: Flush, request_id: str) -> dict[str, object]:
        self._check()
        self._check_answers()
        return self._ladder.reader(capabilities.FLUSH).flush(flush, request_id)

    def notifications(self, position: Position, limit: int, wait: float) -> Batch:
        self._check()
        return self._ladder.reader(capabilities.NOTIFICATIONS).notifications(position, limit, wait)

    def notify(self, notification: Notification, request_id: str) -> None:
        """Put one in: it comes out as collectd's own do."""
        self._check()
        self._check_answers()
        self._ladder.reader(capabilities.NOTIFICATIONS).notify(notification, request_id)

    def config(self) -> dict[str, str]:
        """``{"host", "managed"}``: collectd.conf text of the operator's files and of ours, secrets masked."""
        goal = self._state.goal(self._state.memory.current)
        host = [statement.item for statement in self._state.origin.statements]
        chain = ignorelist.operators_chain(host)
        return {
            "host": grammar.render(secrets.mask_items(tuple(host))),
            "managed": grammar.render(secrets.mask_items(_managed(goal, chain))),
        }

    @contextmanager
    def _answering(self) -> Iterator[None]:
        """A read that is given up soon, by one error."""
        with look(_PATIENCE):
            try:
                yield
            except _UNANSWERED as error:
                detail = self._state.origin.silence(self._ladder.observe()) or error.detail
                raise exception.DaemonUnreachable(detail, maybe_executed=False) from error

    def _check_answers(self) -> None:
        """What may take its time is not begun with a daemon that hangs."""
        silence = self._state.origin.silence(self._ladder.glance())
        if silence is not None:
            raise exception.DaemonUnreachable(silence, maybe_executed=False)

    def _check(self) -> None:
        now = self._state.mode()
        if now.mode == mode.OFF:
            raise exception.HostNotManaged(f"The host is in mode off, set by {now.set_by}.", **now.to_dict())


def _managed(goal: Goal, chain: str | None) -> tuple[Item, ...]:
    """What came through us; what the file tells the extension besides is nobody's configuration."""
    ours = ((name, plugin) for name, plugin in goal.plugins.items() if plugin.enabled and plugin.origin != "host")
    plugins = tuple(item for name, plugin in ours for item in managed.plugin_items(name, plugin))
    return (*plugins, *managed.section_items(goal, chain))
