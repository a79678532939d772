# SPDX-License-Identifier: Apache-2.0
"""What a collectd was started for, as its getopt understands the words of its command line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

#: What Debian's collectd reads unless it is told to read another one.
_DEFAULT_CONFIG = "/etc/collectd/collectd.conf"

#: Those that take nothing may stand together, the one with the file behind them, and that in the same word or the next.
_OPTIONS = re.compile(r"-(?P<flags>[BfhtT]*)(?:C(?P<file>.*))?")

#: With one of these it says or tests something, and ends.
_ENDING = frozenset("htT")


def config_file(words: Sequence[str]) -> str:
    """The path of the file that it reads."""
    told = (found["file"] or after for found, after in _options(words) if found["file"] is not None)
    return next(told, _DEFAULT_CONFIG)


def is_daemon(words: Sequence[str]) -> bool:
    """Whether it goes on, and writes."""
    return all(_ENDING.isdisjoint(found["flags"]) for found, _ in _options(words))


def _options(words: Sequence[str]) -> list[tuple[re.Match[str], str]]:
    """Each word of options, and the word behind it."""
    pairs = pairwise((*words, ""))
    return [(found, after) for word, after in pairs if (found := _OPTIONS.fullmatch(word)) is not None]
