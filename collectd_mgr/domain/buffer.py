# SPDX-License-Identifier: Apache-2.0
"""What settings of the agent's own business may take of a host's disk: its policy has the last word. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from collectd_mgr.domain import choices, ring, sections, spool
from collectd_mgr.domain.allowlist import Policy, Violation
from collectd_mgr.domain.sections import Sections, Settings


@dataclass(frozen=True)
class _Taker:
    """A section that takes of the disk: how much (bytes), how much it may, and how it is held to that."""

    size: Callable[[Settings], int]
    most: Callable[[Policy], float]
    within: Callable[[Settings, int], Settings]


_TAKERS = {
    sections.SPOOL: _Taker(lambda settings: spool.size(settings) or 0, lambda rules: rules.spool_bytes, spool.within),
    sections.RING: _Taker(ring.size, lambda rules: rules.ring_bytes, ring.within),
}


def too_large(asked: Sections, rules: Policy) -> tuple[Violation, ...]:
    """What of ``asked`` would take more than the host gives (``size``), or cannot be understood (``config``)."""
    understood = choices.understood(asked)
    sizes = (found for section in _TAKERS for found in _judge(section, understood.get(section, {}), rules))
    return (*choices.misunderstood(asked), *sizes)


def _judge(section: str, settings: Settings, rules: Policy) -> Iterator[Violation]:
    taker = _TAKERS[section]
    try:
        size, most = taker.size(settings), taker.most(rules)
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        yield Violation("", section, "config", f"It cannot be understood: {error}")
        return
    if size > most:
        yield Violation("", section, "size", f"{size} bytes of the disk are more than the {most:.0f} of this host.")


def within(asked: Sections, rules: Policy) -> Sections:
    """``asked`` in as much as the host gives; what cannot be understood is left out."""
    asked = choices.understood(asked)
    found, violations = dict(asked), too_large(asked, rules)
    if not violations:
        return asked
    for violation in violations:
        section = violation.option
        settings, taker = found.pop(section), _TAKERS[section]
        if violation.reason_code == "size":
            found[section] = taker.within(settings, int(taker.most(rules)))
    return sections.read(found)
