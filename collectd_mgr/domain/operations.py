# SPDX-License-Identifier: Apache-2.0
"""An operation: what a user polls. Its states are a table; :func:`settle` is the only way through it.

An operation is settled by comparing a host's status with the generation it asked for,
never by a message of its own: a lost reply, a restarted agent and a late heartbeat are
one case.
"""

from __future__ import annotations

from dataclasses import dataclass

from collectd_mgr.domain.spec import Generation

PENDING = "pending"
APPLYING = "applying"
SUCCEEDED = "succeeded"
QUEUED = "queued"
FAILED = "failed"
SUPERSEDED = "superseded"


@dataclass(frozen=True)
class State:
    """A row of the table: what the state means, and where it can lead. ``final``: nobody needs to wait any longer."""

    name: str
    meaning: str
    leads_to: tuple[str, ...] = ()
    final: bool = True


_TABLE = (
    State(
        PENDING,
        "The generation is stored; the agent has not said yet that it has it.",
        (APPLYING, QUEUED, SUCCEEDED, FAILED, SUPERSEDED),
        final=False,
    ),
    State(
        APPLYING,
        "The agent has journalled the generation and is at work.",
        (QUEUED, SUCCEEDED, FAILED, SUPERSEDED),
        final=False,
    ),
    State(
        QUEUED,
        "A generation failed that held what others had asked for as well; this is tried again by itself soon.",
        (PENDING, FAILED, SUPERSEDED),
        final=False,
    ),
    State(
        SUCCEEDED,
        "The daemon runs the generation, or a later one that holds all that was asked for; a death soon after can "
        "still take that back.",
        (FAILED,),
    ),
    State(FAILED, "The daemon runs what it ran before; the error says why, and it is the error of this request alone."),
    State(
        SUPERSEDED,
        "A later request about the same took its place before its outcome was known: the daemon runs that one.",
    ),
)

#: The table, by name, in the order of an operation's life.
STATES: dict[str, State] = {state.name: state for state in _TABLE}

#: Outcomes that an agent reports of the generation that it names.
APPLIED = "applied"
OUTCOMES = (APPLYING, APPLIED, FAILED)

_STATE_OF = {APPLYING: APPLYING, APPLIED: SUCCEEDED, FAILED: FAILED}


def settle(
    state: str,
    wanted: Generation,
    reported: Generation | None,
    outcome: str | None,
    *,
    alone: bool = True,
    held: bool = False,
) -> str:
    """The state of an operation that wants ``wanted``, after an agent reported ``outcome`` of ``reported``.

    :param alone: nothing but what this operation asked for was new in ``wanted``: if it failed, then of that
    :param held: all that was asked for is in ``reported`` too, a later generation

    Safe to repeat, in any order of reports: a report of an earlier generation or of another
    epoch changes nothing, and a final state stays. A success is the exception: the agent
    says ``failed`` of a generation that was applied when the daemon died of it soon after.
    What others asked for besides is no reason to fail, so a later generation that failed says nothing of this one.
    """
    if state == QUEUED or reported is None or reported.epoch != wanted.epoch or reported.n < wanted.n:
        return state
    if reported.n > wanted.n:
        new = (SUCCEEDED if held else SUPERSEDED) if outcome == APPLIED else state
    else:
        new = state if outcome == FAILED and not alone else _STATE_OF[outcome or APPLYING]
    return new if new in STATES[state].leads_to else state
