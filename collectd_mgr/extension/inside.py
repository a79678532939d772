# SPDX-License-Identifier: Apache-2.0
"""The extension in one running collectd: what every method of the socket is done with."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass, field
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain.notifications import Notification, Position
from collectd_mgr.domain.reads import ASKED
from collectd_mgr.extension import abi, process, unit
from collectd_mgr.extension.gate import Gate
from collectd_mgr.extension.live import Live
from collectd_mgr.extension.loader import Loader
from collectd_mgr.extension.log import Log
from collectd_mgr.extension.metrics import Metrics
from collectd_mgr.extension.missing import Missing
from collectd_mgr.extension.notifications import Notifications
from collectd_mgr.extension.observer import unseen

_NO_METRIC = "There is no metric of this name in collectd's cache."

#: Seconds after which a stop that was announced is not waited for any more.
_STOP = 120.0


@dataclass
class Inside:
    """``live`` is None where live is off from the start (``gate`` has the reasons), ``metrics`` where there is no
    reading of the cache.
    """

    library: ctypes.CDLL
    version: str
    started: float
    gate: Gate
    loader: Loader
    log: Log
    live: Live | None
    metrics: Metrics | None
    notifications: Notifications
    missing: Missing
    generation: Any = None
    since_boot: float = field(default_factory=process.since_boot)
    #: Whether systemd may hear of another main process from this one.
    notifies: bool = field(default_factory=unit.notifies)

    def status(self) -> dict[str, Any]:
        """The daemon as it is: see the keys. ``started`` in seconds since the epoch, ``interval`` in seconds.

        ``since_boot``: when it was started, in seconds since the boot. ``replaceable``: whether live is on, but for
        what was replaced on disk. ``aligned``: whether it reads at the times of the collectd that it was to take the
        place of, if there was one.
        """
        reasons = self.gate.reasons()
        return {
            "pid": os.getpid(),
            "started": self.started,
            "since_boot": self.since_boot,
            "collectd_version": self.version,
            "binary_replaced": bool(process.replaced(self.loader.loaded())),
            "live": {"on": not reasons, "reasons": reasons},
            "replaceable": self.gate.known,
            # Without the tick of the live part there may be nothing to read, and no thread for it.
            "starting": self.live is not None and not self.gate.reading(),
            "interval": abi.interval(self.library.cf_get_default_interval()),
            "hostname": abi.hostname(self.library) if abi.known(self.version) else "",
            "plugins": self.live.observer.plugins() if self.live else unseen(self.loader.loaded()),
            "sections": self._sections(),
            "generation": self.generation,
            "notifies": self.notifies,
            "output": self.live.output.facts() if self.live else None,
            "aligned": self.live.schedule.aligned if self.live else None,
            "start_messages": list(self.log.start),
            "rejections": list(self.log.rejections) if self.live else None,
            "cache": self.metrics.status() if self.metrics else None,
        }

    def generation_set(self, marker: Any = None) -> None:
        """Remember, as long as this daemon lives, what the agent applied."""
        self.generation = marker

    def longest_hold(self) -> float | None:
        """Seconds for which the lock of the cache was held because of us, at most; None where the cache is not read."""
        return None if self.metrics is None else float(self.metrics.status()["longest_hold"])

    def pause(self, pid: int | None = None) -> None:
        """Take no operation for as long as a stop may take. The caller stops the daemon next."""
        _be(pid)
        self.gate.pause(_STOP)

    def drain(self) -> None:
        """Take no operation any more: the daemon ends, and its write threads are not to wait for anybody."""
        self.gate.drain()
        if self.live is not None:
            self.live.output.end()

    def end(self, timeout: float) -> None:
        """Begin no thread any more; ``timeout`` in seconds, for one that is just being begun."""
        if self.live is not None:
            self.live.thresholds.end(timeout)

    def flush(
        self, plugin: str | None = None, identifier: str | None = None, timeout: float = 0
    ) -> list[dict[str, Any]]:
        """Have the write plugins (or one) write what is older than ``timeout`` seconds (or one metric of it): see
        :meth:`Flushes.__call__`. Where collectd's lists are not known it is asked, and does not tell.
        """
        self.gate.running()
        if self.live is not None:
            rows = self.live.flushes(plugin, identifier, timeout)
            # Plugins report no error for a name that they do not know.
            unknown = identifier is not None and self.metrics is not None and not self.metrics.has(identifier)
            return [{**row, "detail": row["detail"] or _NO_METRIC} for row in rows] if unknown else rows
        self.library.plugin_flush(_bytes(plugin), abi.to_cdtime(timeout), _bytes(identifier))
        return [{"plugin": plugin, "callback": None, "outcome": ASKED, "detail": None}]

    def metrics_list(self, **filters: Any) -> dict[str, Any]:
        return self._metrics().listing(**filters)

    def values_get(self, **filters: Any) -> dict[str, Any]:
        """``process``: whose values they are, its pid and :attr:`since_boot`."""
        return {**self._metrics().values(**filters), "process": [os.getpid(), self.since_boot]}

    def notifications_read(
        self, stream: str = "", after: int = 0, limit: int = 1000, wait: float = 0.0
    ) -> dict[str, Any]:
        """See :meth:`Notifications.read`; ``wait`` in seconds."""
        return self.notifications.read(Position(stream, after), limit, wait).to_dict()

    def notification_send(self, **parts: Any) -> None:
        """See :meth:`Notifications.send`."""
        self.gate.running()
        self.notifications.send(Notification(**parts))

    def plugin_enable(self, plugin: str, **settings: Any) -> dict[str, Any]:
        return self._live().plugins.enable(plugin, **settings)

    def plugin_disable(self, plugin: str, **settings: Any) -> dict[str, Any]:
        return self._live().plugins.disable(plugin, **settings)

    def plugin_restart(self, plugin: str, **settings: Any) -> dict[str, Any]:
        return self._live().plugins.restart(plugin, **settings)

    def plugin_interval(self, plugin: str, interval: float | None = None) -> dict[str, Any]:
        return self._live().plugins.set_interval(plugin, interval)

    def thresholds_check(self, settings: dict[str, Any]) -> None:
        """See :meth:`Thresholds.check`."""
        self._live().thresholds.check(settings)

    def thresholds_set(self, settings: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Thresholds.set`."""
        self._live().thresholds.set(settings)
        return {"messages": []}

    def ignorelist_set(self, settings: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Ignorelist.set`; ``messages`` is what it gives."""
        return {"messages": self._live().ignorelist.set(settings)}

    def ignorelist_check(self, settings: dict[str, Any]) -> None:
        """See :meth:`Ignorelist.check`."""
        self._live().ignorelist.check(settings)

    def ignorelist_get(self) -> dict[str, Any]:
        """The rules in force."""
        return {"settings": self._live().ignorelist.settings}

    def queue_get(self) -> dict[str, Any]:
        """Ours that are in force."""
        return {"settings": self._live().queue.settings}

    def queue_set(self, settings: dict[str, Any]) -> dict[str, Any]:
        """See :meth:`Queue.set`; gives the limits that were in force before."""
        known = self._live().queue
        before = known.settings
        known.set(settings)
        return {"before": before}

    def reads(self) -> dict[str, Any]:
        """By its name each read: ``plugin``, ``interval`` (seconds), ``due`` (when it is called next), ``failing``, and
        ``first`` (when it was due first; None where it came later), in seconds since 1970.
        """
        live = self._live()
        live.output.heard()
        return {
            read.name: {
                "plugin": read.plugin,
                "interval": read.interval,
                "due": read.due,
                "failing": read.failing_until is not None,
                "first": live.schedule.first.get(read.name),
            }
            for read in live.observer.reads()
        }

    def output_set(self, pid: int | None = None, **told: Any) -> dict[str, Any]:
        """See :meth:`Output.set`."""
        _be(pid)
        output = self._live().output
        output.set(**told)
        return output.facts()

    def output_drain(self, pid: int | None = None) -> None:
        """See :meth:`Output.drain`."""
        _be(pid)
        self._live().output.drain()

    def output_open(self) -> dict[str, Any]:
        """See :meth:`Output.open`."""
        output = self._live().output
        output.open()
        return output.facts()

    def missing_tell(self, **told: Any) -> None:
        """See :meth:`Missing.tell`."""
        self.gate.running()
        self.missing.tell(**told)

    def missing_look(self) -> None:
        """See :meth:`Missing.look`."""
        self.gate.running()
        self.missing.look()

    def output_free(self) -> dict[str, Any]:
        """See :meth:`Output.free`."""
        output = self._live().output
        output.free()
        return output.facts()

    def output_outlive(self, other: int, pid: int | None = None) -> None:
        """See :meth:`Output.outlive`."""
        _be(pid)
        self._live().output.outlive(other)

    def successor_start(self, config_file: str, pid: int | None = None) -> None:
        """See :func:`.unit.start`."""
        _be(pid)
        unit.start(config_file)

    def successor_announce(self, successor: int, pid: int | None = None) -> None:
        """See :func:`.unit.announce`."""
        _be(pid)
        unit.announce(successor)

    def states_get(self) -> dict[str, Any]:
        """See :meth:`States.get`."""
        return {"states": self._live().states.get()}

    def states_set(self, states: dict[str, list[int]]) -> dict[str, Any]:
        """See :meth:`States.set`."""
        return {"lost": self._live().states.set(states)}

    def _sections(self) -> dict[str, Any]:
        if self.live is None:
            return {}
        return {
            "thresholds": self.live.thresholds.facts(),
            "ignorelist": self.live.ignorelist.facts(),
            "queue": self.live.queue.facts(),
        }

    def thresholds_get(self) -> dict[str, Any]:
        """Ours that are in force, and the operator's own."""
        known = self._live().thresholds
        return {"settings": known.settings, "host": known.theirs()}

    def _live(self) -> Live:
        if self.live is None:
            self.gate.check()
            raise exception.LiveOff(reasons=self.gate.reasons())
        return self.live

    def _metrics(self) -> Metrics:
        if self.metrics is None:
            raise exception.NotCapable("This collectd does not export its cache.", capability="values", driver="live")
        return self.metrics


def _be(pid: int | None) -> None:
    """Of two collectds one may have come to the other's socket while the agent asked there for that.

    :raises DaemonUnreachable: another process was meant
    """
    if pid not in (None, os.getpid()):
        raise exception.DaemonUnreachable(f"It is not {pid} that listens here any more.", maybe_executed=False)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode()
