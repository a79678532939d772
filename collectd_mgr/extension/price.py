# SPDX-License-Identifier: Apache-2.0
"""What rules of the ignorelist cost a daemon for ever, known before collectd is made to build them."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

from collectd_mgr.domain import ignorelist
from collectd_mgr.domain.expression import Expression
from collectd_mgr.domain.ignorelist import Rule

#: A rule, and the chain that it is built in, as collectd and libc have them.
_RULE = 4096

#: What libc learns of an expression while metrics pass, as a rule at most.
_LEARNED = 16 * 1024

#: So many expressions are compiled between two looks at the memory: a look takes the locks of malloc, and a millisecond
#: in a large heap; an expression takes megabytes, if it is one of those.
_AT_ONCE = 16

#: Other threads take memory meanwhile, so that what looks like too much is counted again.
_TRIES = 3


def price(library: ctypes.CDLL, rules: Sequence[Rule], most: int) -> int:
    """Bytes, of rules in normal form; where they are more than ``most``, not all of them are counted.

    What libc takes to compile an expression is tried, and given back. Where it does not tell of its memory, that is
    left out.
    """
    texts = [rule[part] for rule in rules for part in ignorelist.PARTS if part in rule]
    least = found = _RULE * len(rules) + _LEARNED * len(texts)
    if not rules or least > most or not hasattr(library, "mallinfo2"):
        return least
    for _ in range(_TRIES):
        found = least + _compiled(library, texts, most - least)
        if found <= most:
            break
    return found


def _compiled(library: ctypes.CDLL, texts: Sequence[str], most: int) -> int:
    tried: list[Expression] = []
    before, taken = _in_use(library), 0
    for start in range(0, len(texts), _AT_ONCE):
        tried += map(Expression, texts[start : start + _AT_ONCE])
        taken = max(0, _in_use(library) - before)
        if taken > most:
            break
    return taken


def _in_use(library: ctypes.CDLL) -> int:
    """Bytes that this process has from malloc."""
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
