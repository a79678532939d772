# SPDX-License-Identifier: Apache-2.0
"""The read callbacks that are registered now, and whose they are.

A plugin may register reads under any name (trap: tail, curl, dbi, …), but collectd notes in each the context of
the plugin that registered it. So what a plugin reads is asked of collectd, never derived from names.
"""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass, field

from collectd_mgr.extension.abi import from_cdtime
from collectd_mgr.extension.abi import interval as seconds
from collectd_mgr.extension.lists import Entry, Lists
from collectd_mgr.extension.memory import Memory, Unreadable

# read_func_t of plugin.c, 5.9 to 5.13: callback, user data and its free, the context (name, interval, flush interval
# and timeout), group, name, type, interval, effective interval, next read.
_READ = struct.Struct("QQQ QQQQ 128s Q i 4x QQQ")

#: Where in it the time is at which the read is due.
DUE = _READ.size - 8

#: Its type, of one that is registered, whether it is called with data or without.
_REGISTERED = (0, 1)

#: The group of those by which collectd has plugins flush, and the beginning of their names.
_FLUSH = "flush"

#: Of one that was unregistered, and that a read thread is to free when it is due.
_UNREGISTERED = 65535


@dataclass(frozen=True)
class Read:
    """One registered read: its own name, the plugin and group it belongs to, seconds between calls.

    ``failing_until``: its last call failed, and collectd waits until then (seconds since 1970) with the next; ``due``:
    when the next call is, failing or not.
    """

    name: str
    plugin: str
    group: str
    interval: float
    callback: int
    # Moves with every call: not what makes two reads the same.
    failing_until: float | None = field(default=None, compare=False)
    due: float = field(default=0.0, compare=False)

    @property
    def flushes(self) -> bool:
        """Whether collectd calls a flush by it, for a ``FlushInterval``, and it reads nothing."""
        return self.group == _FLUSH and self.name.startswith(f"{_FLUSH}/")


class Reads:
    """The reads in the list at ``slot`` (as :meth:`~collectd_mgr.extension.lists.Lists.find` gave it)."""

    def __init__(self, memory: Memory, lists: Lists, slot: int) -> None:
        self._memory = memory
        self._lists = lists
        self._slot = slot

    def all(self) -> list[Read]:
        """Every registered read.

        :raises Unreadable: the list kept changing while it was read
        """
        for _ in range(20):
            with contextlib.suppress(Unreadable):
                return [self._read(entry) for entry in self._lists.entries(self._slot)]
        raise Unreadable("the list of reads")

    def of(self, plugin: str) -> list[Read]:
        """The reads that ``plugin`` registered, in any case of letters."""
        return [read for read in self.all() if read.plugin.lower() == plugin.lower()]

    def due(self, address: int, registered: bool) -> float:
        """When the read is due whose structure is at ``address``, in seconds since 1970: a registered one, or one that
        was unregistered and is still there.

        :raises Unreadable: there is no such read
        """
        fields = _READ.unpack(self._memory.read(address, _READ.size))
        callback, kind, due = fields[0], fields[9], fields[12]
        if not callback or kind not in (_REGISTERED if registered else (_UNREGISTERED,)):
            raise Unreadable(hex(address))
        return from_cdtime(due)

    def _read(self, entry: Entry) -> Read:
        fields = _READ.unpack(self._memory.read(entry.value, _READ.size))
        callback, _, _, name, _, _, _, group, own_name, _, interval, effective, due = fields
        if self._memory.text(own_name, 512) != entry.key:
            raise Unreadable(entry.key)
        owner = self._memory.text(name) if name else ""
        group_name = group.partition(b"\0")[0].decode("utf-8", "replace")
        # collectd doubles the interval of a read that fails, up to a day, until it succeeds.
        failing = seconds(due) if effective > interval else None
        return Read(entry.key, owner, group_name, seconds(interval), callback, failing, from_cdtime(due))
