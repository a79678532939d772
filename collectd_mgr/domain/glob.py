# SPDX-License-Identifier: Apache-2.0
"""Shell patterns of identifiers: ``*``, ``?`` and ``[…]``, of the whole of them; a ``*`` matches slashes too."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from collectd_mgr.domain.expression import flaw

_SPECIAL = re.compile(r"([.^$+(){}|\\])")

#: A daemon takes a character for as many as it has bytes, or for one: that depends on its locale.
_ANY = re.compile(r"[*?]+")


def matches(pattern: str, identifier: str) -> bool:
    return fnmatchcase(identifier, pattern)


def may_match(pattern: str) -> bool:
    """Whether there can be an identifier that it matches: each has two slashes."""
    return pattern.count("/") >= 2 or any(wildcard in pattern for wildcard in "*?[")


def expression(pattern: str) -> str | None:
    """A POSIX extended regular expression that finds all that ``pattern`` matches, and may find more.

    None where there is none to be had: the daemon takes no long ones, nor such as take much memory.
    """
    plain, bracket, _ = pattern.partition("[")
    end = "" if bracket else "$"
    found = "^" + _ANY.sub(".*", _SPECIAL.sub(r"\\\1", plain)) + end
    return found if flaw(found) is None else None
