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
    """A row of the table: what the state means, and where it can lead."""

    name: str
    meaning: str
    leads_to: tuple[str, ...] = ()

    @property
    def final(self) -> bool:
        return not self.leads_to


_TABLE = (
    State(
        PENDING,
        "The generation is stored; the agent has not said yet that it has it.",
        (APPLYING, SUCCEEDED, FAILED, SUPERSEDED),
    ),
    State(APPLYING, "The agent has journalled the generation and is at work.", (SUCCEEDED, FAILED, SUPERSEDED)),
    State(SUCCEEDED, "The daemon runs the generation."),
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

    Safe to repeat, in any order of reports: a final state stays, and a report of an
    earlier generation or of another epoch changes nothing.
    """
    if STATES[state].final or reported is None or reported.epoch != wanted.epoch or reported.n < wanted.n:
        return state
    if reported.n > wanted.n:
        return SUPERSEDED
    new = _STATE_OF[outcome or APPLYING]
    return new if new in STATES[state].leads_to else state
