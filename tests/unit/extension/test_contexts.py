# SPDX-License-Identifier: Apache-2.0
"""collectd's list of configuration callbacks, in memory that is laid out as collectd's is."""

from __future__ import annotations

import contextlib
import ctypes
import struct
from collections.abc import Iterator
from typing import Any, cast

import pytest

from collectd_mgr.extension import abi, contexts
from collectd_mgr.extension.lists import NotFound
from collectd_mgr.extension.memory import Mapping, Memory


class Collectd:
    """A collectd with some plugins; ``layout`` is that of an entry of its list."""

    def __init__(self, layout: str = "QQ QQQQ Q") -> None:
        self.nothing = 4711
        self._layout = struct.Struct(layout)
        self._kept: list[Any] = []
        self._statics = (ctypes.c_uint64 * 4)(7, 4096, 8 * 4096, 0)
        self._last: Any = None
        self._context = ("", 0.0)

    def register_config(self, plugin: str) -> None:
        owner, interval = self._context
        words = self._text(plugin), self.nothing, self._text(owner), abi.to_cdtime(interval), 0, 0, 0
        entry = ctypes.create_string_buffer(self._layout.pack(*words))
        if self._last is None:
            self._statics[3] = ctypes.addressof(entry)
        else:
            ctypes.c_uint64.from_buffer(self._last, self._layout.size - 8).value = ctypes.addressof(entry)
        self._kept.append(entry)
        self._last = entry

    @contextlib.contextmanager
    def context(self, plugin: str, interval: float) -> Iterator[None]:
        self._context = plugin, interval
        yield

    def intervals(self) -> dict[str, float]:
        start = ctypes.addressof(self._statics)
        mapping = Mapping(start, start + ctypes.sizeof(self._statics), True, "")
        return contexts.intervals(cast(Any, self), Memory(), [mapping])

    def _text(self, text: str) -> int:
        self._kept.append(ctypes.create_string_buffer(text.encode(), 512))
        return ctypes.addressof(self._kept[-1])


def with_plugins(collectd: Collectd) -> Collectd:
    for name, interval in (("python", 10.0), ("Tail", 2.5), ("tail", 3.0), ("curl", 0.0)):
        with collectd.context(name, interval):
            collectd.register_config(name)
    return collectd


def test_the_interval_of_each_plugin_and_of_the_first_callback_of_a_name() -> None:
    found = with_plugins(Collectd()).intervals()
    assert {name: found[name] for name in ("python", "tail", "curl")} == {"python": 10.0, "tail": 2.5, "curl": 0.0}


# With one more word ahead of the context, or in it, and with shorter times.
@pytest.mark.parametrize("layout", ["QQ 8x QQQQ Q", "QQQ 8x QQQ Q", "QQ QQIIQ"])
def test_a_list_of_which_our_own_entry_is_not_as_it_was_registered(layout: str) -> None:
    with pytest.raises(NotFound):
        with_plugins(Collectd(layout)).intervals()


def test_a_list_that_never_ends() -> None:
    collectd = with_plugins(Collectd())
    loop = ctypes.create_string_buffer(56)
    ctypes.memmove(loop, struct.pack("QQQQQQQ", collectd._text("x"), 1, collectd._text("x"), 1, 0, 0, 0), 56)
    ctypes.c_uint64.from_buffer(loop, 48).value = ctypes.addressof(loop)
    collectd._statics[0] = ctypes.addressof(loop)
    assert collectd.intervals()["tail"] == 2.5
