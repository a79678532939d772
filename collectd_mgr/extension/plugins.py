# SPDX-License-Identifier: Apache-2.0
"""Enable, disable, restart a plugin and change its interval, inside the running daemon.

Each is safe to repeat, and gives what is observed afterwards (see :class:`.observer.Observer`), not what was asked for.
The caller holds the operation lock.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain.naming import starts
from collectd_mgr.domain.safety import check_name
from collectd_mgr.extension.fragment import plugin_blocks
from collectd_mgr.extension.gate import Gate
from collectd_mgr.extension.loader import Loader
from collectd_mgr.extension.observer import Observer
from collectd_mgr.extension.records import CONFIG, Record, Records
from collectd_mgr.extension.registration import Registration
from collectd_mgr.extension.stragglers import Stragglers, Turn
from collectd_mgr.extension.thresholds import Thresholds

#: Programs of others run in these, the extension itself in python; the threshold plugin has no read to switch.
NEVER = frozenset({"python", "perl", "java", "lua", "threshold", "collectd_mgr"})

#: Seconds to wait for a read in flight, unless the caller says otherwise.
GRACE = 5.0


class Plugins:
    """The operations on plugins."""

    def __init__(
        self,
        gate: Gate,
        loader: Loader,
        records: Records,
        observer: Observer,
        registration: Registration,
        thresholds: Thresholds,
        hostname: str,
    ) -> None:
        self._gate = gate
        self._loader = loader
        self._records = records
        self._observer = observer
        self._registration = registration
        self._thresholds = thresholds
        self._hostname = hostname
        self._stragglers = Stragglers(registration, self._turn)
        #: Around what is done beside the operations, which gives way to them.
        self.aside: Turn = lambda: contextlib.nullcontext(lambda: False)

    def enable(
        self,
        plugin: str,
        interval: float | None = None,
        config_text: str = "",
        config_digest: str | None = None,
        first_load_allowed: bool = True,
    ) -> dict[str, Any]:
        """Have ``plugin`` read every ``interval`` seconds (its own interval when None).

        :param config_text: ``<Plugin>`` blocks of this plugin, for its first load
        :raises LiveRefused: with ``reason_code``
        :raises Busy: a read of it is still in flight
        :raises PluginNotLoadable: not installed, or a library is missing
        :raises ConfigRejected: with collectd's ``messages``; the plugin is not reading
        """
        plugin = self._check(plugin)
        if self._loader.path(plugin) is None:
            if not first_load_allowed:
                raise _refused(plugin, "first_load", "it is not loaded yet, and loading it was not allowed")
            with self._followed(plugin):
                messages = self._registration.load(plugin, interval, config_text, config_digest)
            return {**self._observer.plugin(plugin), "messages": messages}
        record = self._registration.known(plugin)
        self._check_config(plugin, record, config_digest)
        if config_text and not record.blocks:
            record.blocks = plugin_blocks(plugin, config_text)
        return self._again(plugin, record, record.own_interval if interval is None else interval)

    def disable(self, plugin: str, grace_timeout: float = GRACE, config_text: str = "") -> dict[str, Any]:
        """Have ``plugin`` read no more. ``stopping`` says that a read was still in flight at the end.

        :param config_text: its configuration, as far as that is known: it may give its metrics other names
        """
        plugin = self._check(plugin)
        if self._loader.path(plugin) is not None:
            self._check_kind(plugin)
            # Before, for a metric may be late already; and after, for one may have come meanwhile.
            items = plugin_blocks(plugin, config_text) or self._records[plugin].blocks
            # On this host: a daemon may have metrics of others as well.
            known = starts(plugin, items, self._hostname)
            self._thresholds.hush(plugin, lambda names: {name for name in names if name.startswith(known)})
            record = self._registration.known(plugin)
            with self._followed(plugin):
                self._registration.unregister(plugin, record, grace_timeout)
                self._thresholds.renew()
        return self._observer.plugin(plugin)

    def restart(self, plugin: str, interval: float | None = None) -> dict[str, Any]:
        """Disable and enable: the plugin registers and initialises anew, with the configuration it has."""
        plugin = self._check(plugin)
        record = self._reading(plugin)
        wanted = record.interval if interval is None else interval
        self._check_kind(plugin)
        return self._register(plugin, record, wanted)

    def set_interval(self, plugin: str, interval: float | None) -> dict[str, Any]:
        """Have a plugin that reads do so every ``interval`` seconds (None: its own interval)."""
        plugin = self._check(plugin)
        record = self._reading(plugin)
        return self._again(plugin, record, record.own_interval if interval is None else interval)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[Callable[[], bool]]:
        with self.aside() as wanted:
            self._gate.running()  # When collectd stops it frees its lists.
            yield wanted

    @contextlib.contextmanager
    def _followed(self, plugin: str) -> Iterator[None]:
        """Around what may take reads out, whatever comes of it: those in flight are looked for until they are over."""
        try:
            yield
        finally:
            record = self._records[plugin]
            if self._observer.stops(record):
                self._stragglers.begin()
                self._thresholds.follow(plugin, partial(self._stragglers.over, record))

    def _again(self, plugin: str, record: Record, interval: float | None) -> dict[str, Any]:
        observed = self._observer.plugin(plugin)
        if observed["registered"] and record.interval == interval:
            return observed
        self._check_kind(plugin)
        return self._register(plugin, record, interval)

    def _register(self, plugin: str, record: Record, interval: float | None) -> dict[str, Any]:
        with self._followed(plugin):
            if not self._registration.unregister(plugin, record, GRACE):
                raise exception.Busy(f"A read of {plugin} is still in flight.", plugin=plugin)
            messages = self._registration.again(plugin, record, interval)
        self._thresholds.unhush(plugin)
        return {**self._observer.plugin(plugin), "messages": messages}

    def _check(self, plugin: str) -> str:
        """Whether it may be changed now; gives its name as its file has it."""
        check_name(plugin)
        if plugin.lower() in NEVER:
            raise _refused(plugin, "never", "this plugin is never changed in a running daemon")
        self._gate.check()
        return self._loader.name(plugin)

    def _check_kind(self, plugin: str) -> None:
        if self._loader.registers_more(self._loader.path(plugin) or plugin):
            raise _refused(plugin, "other_callbacks", "it registers more than config, init, read and shutdown")
        if self._records[plugin].rejected:
            raise _refused(plugin, "config_rejected", "collectd took only a part of its configuration before")

    def _check_config(self, plugin: str, record: Record, digest: str | None) -> None:
        if digest == record.digest:
            return
        if record.origin == CONFIG:
            raise _refused(plugin, "owned_by_host_config", "the operator's own files configure it")
        raise _refused(plugin, "config_changed", "a loaded plugin adds a new configuration to the one it has")

    def _reading(self, plugin: str) -> Record:
        if not self._observer.plugin(plugin)["registered"]:
            raise _refused(plugin, "not_enabled", "it is not enabled")
        return self._registration.known(plugin)


def _refused(plugin: str, code: str, sentence: str) -> exception.LiveRefused:
    return exception.LiveRefused(f"{plugin}: {sentence}.", reason_code=code, plugin=plugin)
