# SPDX-License-Identifier: Apache-2.0
"""What a rule of the ignorelist costs a daemon for ever, known before collectd is made to build it."""

from __future__ import annotations

import ctypes
from functools import lru_cache

from collectd_mgr.domain import ignorelist
from collectd_mgr.domain.expression import Expression
from collectd_mgr.domain.ignorelist import Rule

#: The rule, and the chain that it is built in, as collectd and libc have them.
_RULE = 4096

#: What libc learns of an expression while metrics pass, as a rule at most.
_LEARNED = 16 * 1024


def price(library: ctypes.CDLL, rule: Rule) -> int:
    """Bytes, of a rule in normal form. Where libc does not tell of its memory, what an expression takes is left out."""
    expressions = (rule[part] for part in ignorelist.PARTS if part in rule)
    return _RULE + sum(_LEARNED + _compiled(library, text) for text in expressions)


@lru_cache(maxsize=2048)
def _compiled(library: ctypes.CDLL, text: str) -> int:
    """What libc takes to compile it: megabytes of some."""
    # Other threads take and give meanwhile.
    return max(0, sorted(_tried(library, text) for _ in range(3))[1])


def _tried(library: ctypes.CDLL, text: str) -> int:
    before = _in_use(library)
    expression = Expression(text)
    taken = _in_use(library) - before
    expression.forget()
    return taken


def _in_use(library: ctypes.CDLL) -> int:
    """Bytes that this process has from malloc; 0 where libc does not tell."""
    if not hasattr(library, "mallinfo2"):
        return 0
    library.mallinfo2.restype = _Mallinfo
    info = library.mallinfo2()
    return int(info.uordblks + info.hblkhd)


class _Mallinfo(ctypes.Structure):
    """struct mallinfo2 of glibc."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keepcost",
        )
    )
