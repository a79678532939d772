# SPDX-License-Identifier: Apache-2.0
"""What may be done to a plugin inside a running collectd: the live-safety table.

The table is ``plugins.json`` beside this file. ``tools/survey-plugins`` earns it on a real
collectd; nobody edits it by hand. A plugin that the table does not name is refused.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collectd_mgr import exception

#: A plugin is a file ``NAME.so``, and its name goes into a configuration line and a path.
PLUGIN_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")

LIVE = "live"
REFUSED = "refused"
UNKNOWN = "unknown"

#: Why a plugin is refused: the stable code, and the sentence that people read.
REASONS: dict[str, str] = {
    "write_callback": "It registers a write callback; registering it again frees one that write threads may be using.",
    "notification_callback": "It registers a notification callback, which a disable would leave behind.",
    "log_callback": "It registers a log callback, which a disable would leave behind.",
    "missing_callback": "It registers a callback for missing values, which a disable would leave behind.",
    "cache_event_callback": "It registers a callback for events of the cache, which a disable would leave behind.",
    "flush_callback": "It registers a flush callback, which a disable would leave behind.",
    "threads": "It starts threads of its own, which a disable would leave running and an enable would double.",
    "own_process": "It starts a process of its own or keeps a peer, which a disable would leave behind.",
    "exclusive": "It takes hardware or a system-wide name for itself.",
    "binding": "It runs programs of others inside collectd; what they register cannot be known beforehand.",
    "filter": "It is a part of filter chains: it registers no read, and a chain that uses it cannot be freed.",
    "no_read": "It registers no read callback, so there is nothing that a disable could take away.",
    "reads_left": "After the disable a read callback or a value of it was left.",
    "leaks": "Each round of disable and enable leaves a file descriptor or a thread behind.",
    "init_not_repeatable": "Its initialisation is not made to run twice: it leaks, or forgets what it opened before.",
    "not_back": "Enabled again, it did not read as it did before.",
    "config_adds": "An enable has to apply its configuration again, which then adds up in collectd's memory.",
    "once": "Without a configuration it makes its read when it is first initialised, and not again in that process.",
    "slow_read": "Its reads may take longer than a change in a running daemon may wait for them.",
    "crash": "collectd died, or did not end cleanly, with the plugin in it.",
    "not_loadable": "A library that it wants is not in Debian, so it could not be tried.",
    UNKNOWN: "Nobody has proved that it is safe.",
}

#: Those that are about an enable after a disable, or about its time: without its reads such a plugin does nothing.
_OF_READS = frozenset({"leaks", "init_not_repeatable", "not_back", "config_adds", "slow_read"})


@dataclass(frozen=True)
class Safety:
    """One row of the table.

    ``verdict`` is ``live`` (disable, enable again and a new interval are proved) or ``refused``, then
    ``reason`` is a key of :data:`REASONS` and ``detail`` the evidence, if there is more to say.
    ``scratch`` is ``ok``, or ``grammar_only`` where a second instance would disturb the first.
    ``kind`` is read, write, notify, log, binding, filter or other. ``reads`` says under which names
    its reads are registered: ``own`` name, ``group`` (the plugin's name is the group), ``dynamic`` or
    ``none``. ``configured_reads`` is true where the reads are made from the configuration, so that an
    enable after a disable has to apply it again, and needs to know it. ``once`` is true where it makes a read without
    one too, but that is for good: to register it again takes a new process. ``values_seen`` says whether the
    proof saw values, or only (no such hardware or service here) a plugin that had none to give.
    """

    plugin: str
    verdict: str = REFUSED
    reason: str = UNKNOWN
    detail: str = ""
    exclusive: bool = False
    scratch: str = "grammar_only"
    kind: str = "other"
    reads: str = "none"
    configured_reads: bool = False
    values_seen: bool = False
    callbacks: tuple[str, ...] = ()
    once: bool = False

    @property
    def live(self) -> bool:
        return self.verdict == LIVE

    @property
    def wants_config(self) -> bool:
        """Whether it was seen to read nothing without a configuration."""
        return self.live and self.configured_reads and not self.once

    @property
    def only_reads(self) -> bool:
        """Whether it is known to do nothing without its reads, which is all that can be taken from a loaded one."""
        proved = self.live or self.reason in _OF_READS
        return proved and self.kind == "read" and self.reads != "none"

    @property
    def sentence(self) -> str:
        """Why it is refused, for people; empty for a plugin that is live-safe."""
        return "" if self.live else " ".join(filter(None, (REASONS[self.reason], self.detail)))

    @classmethod
    def from_row(cls, plugin: str, row: dict[str, Any]) -> Safety:
        return cls(plugin, **{**row, "callbacks": tuple(row["callbacks"])})


def lookup(plugin: str) -> Safety:
    """The row of ``plugin``, in any case of letters; an unknown one is refused, and kept out of scratch runs."""
    return table().get(plugin.lower(), Safety(plugin))


def live_safe(plugin: str) -> bool:
    """Whether disable, enable again and a new interval are proved in a running collectd."""
    return lookup(plugin).live


def exclusive(plugin: str) -> bool:
    """Whether a second instance would take something away from the running one."""
    return lookup(plugin).exclusive


def scratch_allowed(plugin: str) -> bool:
    """Whether the plugin may run in a scratch instance beside the running collectd."""
    return lookup(plugin).scratch == "ok"


def check_name(name: str) -> str:
    """``name`` as it is, or :class:`~collectd_mgr.exception.BadPluginName`."""
    if not isinstance(name, str) or not PLUGIN_NAME.fullmatch(name):
        raise exception.BadPluginName(f"{name!r} is not the name of a collectd plugin", plugin=str(name)[:100])
    return name


@functools.cache
def table() -> dict[str, Safety]:
    """The whole table, by the plugin's name; read once."""
    rows = json.loads(Path(__file__).with_name("plugins.json").read_text(encoding="utf-8"))["plugins"]
    return {plugin: Safety.from_row(plugin, row) for plugin, row in rows.items()}
