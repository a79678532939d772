# SPDX-License-Identifier: Apache-2.0
"""Whether somebody has the lock of collectd's cache at this moment: a look at it, which keeps nobody waiting.

Who updates a metric changes its values one by one, and its time of update last, all under that lock. So values that
were read before the lock was seen free, and whose time of update is still that of before, are of one update.
"""

from __future__ import annotations

import ctypes
import os
import struct
import threading
import time
from array import array
from contextlib import AbstractContextManager
from itertools import chain, starmap, tee
from typing import Callable

from collectd_mgr.extension.cache import uncollected
from collectd_mgr.extension.gather import Gather
from collectd_mgr.extension.memory import Unreadable, statics
from collectd_mgr.extension.tree import Changing

#: Looks before it is held for too long, and seconds between two: who has it may have lost the processor.
_LOOKS, _PAUSE = 50, 0.0002

_FREE = bytes(4)

Timed = Callable[[], "AbstractContextManager[None]"]

# pthread_mutex_t of glibc: lock, count, owner, users; it is not exported, and known by its owner while that is us.
_OWNER = struct.Struct("iI")


class Latch:
    """Any number of threads may look.

    :param held: collectd, called with the GIL held; its functions have their prototypes
    :param timed: put around what holds the lock itself, which is done once
    :raises Unreadable: the lock is not where, or not what, it should be
    """

    def __init__(self, gather: Gather, held: ctypes.PyDLL, timed: Timed) -> None:
        self._gather = gather
        self._place = array("Q", [_find(gather, held, timed)])
        if self._owner() == _mine():
            raise Unreadable("the lock of the cache is still ours")

    def pass_by(self) -> None:
        """Return when it was seen free. :raises Changing: it is held for too long"""
        for _ in range(_LOOKS):
            if self._gather(self._place, len(_FREE)) == _FREE:
                return
            time.sleep(_PAUSE)
        raise Changing

    def _owner(self) -> bytes:
        return bytes(self._gather(array("Q", [self._place[0] + 8]), _OWNER.size))


def _mine() -> bytes:
    return _OWNER.pack(threading.get_native_id(), 1)


def _find(gather: Gather, held: ctypes.PyDLL, timed: Timed) -> int:
    """The one mutex in collectd's own data that is ours while we have an iterator; see :func:`.tree.find` for how."""
    mapped = statics()
    there = array("Q", [word for each in mapped for word in (each.start, each.end - each.start)])
    found = array("Q", bytes(sum(there[1::2])))
    here = array("Q", [found.buffer_info()[0], 8 * len(found)])
    made, last = tee(starmap(held.uc_get_iterator, ((),)))
    copy = (os.getpid(), here.buffer_info()[0], 1, there.buffer_info()[0], len(mapped), 0)
    with uncollected(), timed():
        list(chain(made, starmap(gather.call, (copy,)), map(held.uc_iterator_destroy, last)))
    (mine,) = array("Q", _mine())
    places = array("Q", [address for each in mapped for address in range(each.start, each.end, 8)])
    ours = [places[index - 1] for index, word in enumerate(found) if word == mine and found[index - 1] in (1, 2)]
    if len(ours) != 1:
        raise Unreadable("the lock of the cache")
    return ours[0]
