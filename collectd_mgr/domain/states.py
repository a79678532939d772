# SPDX-License-Identifier: Apache-2.0
"""What becomes of the states that thresholds gave to metrics when another process goes on. Pure.

Such states are, by metric, the number of the state and the hits, as the extension tells them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from collectd_mgr.domain.metrics import STATES, shown

States = Mapping[str, Sequence[int]]

#: The states that an alarm was raised of, the worst first.
_RAISED = (3, 2)

#: The sentence of a process that did not tell.
UNTOLD = "What thresholds had found of the metrics begins anew: collectd did not tell what that was."

#: So many metrics are named of each.
_NAMED = 5


def lost(states: States, metrics: Iterable[str] | None = None) -> tuple[str, ...]:
    """A sentence that these begin anew, and which of them an alarm was raised of; none where there are none.

    :param metrics: those that are lost; None for all
    """
    gone = {name: states[name][0] for name in (states if metrics is None else metrics) if name in states}
    if not gone:
        return ()
    raised = [part for number in _RAISED if (part := _part(number, gone))]
    what = "one metric" if len(gone) == 1 else f"{len(gone)} metrics"
    then = f"{' and '.join(raised)}; what is so yet raises its alarm once more" if raised else "no alarm was raised"
    return (f"What thresholds had found of {what} begins anew: {then}.",)


def _part(number: int, gone: Mapping[str, int]) -> str:
    names = sorted(shown(name) for name, state in gone.items() if state == number)
    more = " …" if len(names) > _NAMED else ""
    return f"{len(names)} in state {STATES[number]} ({', '.join(names[:_NAMED])}{more})" if names else ""
