# SPDX-License-Identifier: Apache-2.0
"""The thresholds that metrics have of their own, so that some are silent and nobody else notices.

They lie under the name of the metric, where collectd looks first. It goes on to look without the instances: under the
name of a metric that lacks one it finds those for others as well, before what held for them. So these get what held
for them under their own names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from collectd_mgr.domain import thresholds
from collectd_mgr.domain.metrics import Identifier
from collectd_mgr.extension.hushes import Look
from collectd_mgr.extension.threshold import Record

#: Thresholds by the key under which collectd finds them.
Lists = Mapping[str, tuple[Record, ...]]


def own(lists: Lists, silent: Set[str], look: Look) -> dict[str, tuple[Record, ...]]:
    """What goes, by metric, in front of ``lists``: the ``silent`` raise no alarm that they are missing, and every other
    one in the cache is judged as without it.
    """
    judged = {_type(key) for key in lists}
    silent = {name for name in silent if _type(name) in judged}
    kin = {_kin(name) for name in silent if shared(name)}
    others = (name for name in (look() if kin else ()) if _kin(name) in kin)
    found, all_ = dict[str, tuple[Record, ...]](), dict(lists)
    # Who finds what is under another name has a longer one: by now it is known what that finds.
    for name in sorted(silent.union(others), key=len):
        keys = tuple(thresholds.candidates(Identifier.of(name)))
        held = _first(lists, keys)
        wanted = _quiet(held) if name in silent else held
        if wanted != held or _first(all_, keys) != wanted:
            found[name] = all_[name] = wanted
    return found


def shared(name: str) -> bool:
    """Whether what lies under the name of a metric is found for others, too: it lacks an instance."""
    return any("-" not in part for part in name.split("/", 2)[1:])


def _kin(name: str) -> tuple[str, str]:
    """Its host and type: only metrics that have both in common find what is under the name of one of them."""
    return name.partition("/")[0], _type(name)


def _type(name: str) -> str:
    """Of a metric, or of those under a key: most metrics are of a type for which there is no threshold."""
    return name.split("/", 2)[-1].partition("-")[0]


def _first(lists: Lists, keys: Sequence[str]) -> tuple[Record, ...]:
    return next((lists[key] for key in keys if key in lists), ())


def _quiet(held: tuple[Record, ...]) -> tuple[Record, ...]:
    """The same without the alarm; of a list collectd asks the first one for it."""
    return (held[0].quiet(), *held[1:]) if held and held[0].interesting else held
