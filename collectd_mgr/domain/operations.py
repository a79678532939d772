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
        (APPLYING, SUCCEEDED, FAILED, SUPERSEDED),
        final=False,
    ),
    State(APPLYING, "The agent has journalled the generation and is at work.", (SUCCEEDED, FAILED, SUPERSEDED), False),
    State(SUCCEEDED, "The daemon runs the generation; a death soon after can still take that back.", (FAILED,)),
    State(FAILED, "The daemon runs what it ran before; the error says why."),
    State(SUPERSEDED, "A later generation overtook this one before its outcome was known."),
)

#: The table, by name, in the order of an operation's life.
STATES: dict[str, State] = {state.name: state for state in _TABLE}

#: Outcomes that an agent reports of the generation that it names.
APPLIED = "applied"
OUTCOMES = (APPLYING, APPLIED, FAILED)

_STATE_OF = {APPLYING: APPLYING, APPLIED: SUCCEEDED, FAILED: FAILED}


def settle(state: str, wanted: Generation, reported: Generation | None, outcome: str | None) -> str:
    """The state of an operation that wants ``wanted``, after an agent reported ``outcome`` of ``reported``.

    Safe to repeat, in any order of reports: a report of an earlier generation or of another
    epoch changes nothing, and a final state stays. A success is the exception: the agent
    says ``failed`` of a generation that was applied when the daemon died of it soon after.
    """
    if reported is None or reported.epoch != wanted.epoch or reported.n < wanted.n:
        return state
    new = SUPERSEDED if reported.n > wanted.n else _STATE_OF[outcome or APPLYING]
    return new if new in STATES[state].leads_to else state
