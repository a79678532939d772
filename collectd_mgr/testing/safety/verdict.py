# SPDX-License-Identifier: Apache-2.0
"""Facts, judgements and the outcome of the rounds make one row of the table."""

from __future__ import annotations

from dataclasses import dataclass

from collectd_mgr.domain import safety
from collectd_mgr.testing.safety import judgements
from collectd_mgr.testing.safety.facts import Facts

#: What a plugin may register and still be live-safe.
_HARMLESS = {"config", "complex_config", "init", "read", "complex_read", "shutdown"}
_READS = {"read", "complex_read"}
_LOGGERS = {"logfile", "log_logstash", "syslog"}
_OTHERS = {"aggregation", "check_uptime", "threshold"}


@dataclass(frozen=True)
class Outcome:
    """What the rounds on a real collectd showed: a reason of refusal, or none; whether it read, and gave values."""

    reason: str = ""
    detail: str = ""
    reads_seen: bool = False
    values_seen: bool = False


def row(facts: Facts, outcome: Outcome | None) -> safety.Safety:
    """The row of one plugin; without an outcome (nobody ran it) it is refused."""
    reads, configured = judgements.READS.get(facts.plugin, ("own" if _reads(facts) else "none", False))
    reason, detail = refusal(facts) or _of_outcome(outcome, configured)
    exclusive = facts.plugin in judgements.EXCLUSIVE
    return safety.Safety(
        plugin=facts.plugin,
        verdict=safety.REFUSED if reason else safety.LIVE,
        reason=reason,
        detail=detail,
        exclusive=exclusive,
        scratch="ok" if _scratch(facts) else "grammar_only",
        kind=kind(facts),
        reads=reads,
        configured_reads=configured,
        values_seen=bool(outcome and outcome.values_seen),
        callbacks=facts.callbacks,
        once=facts.plugin in judgements.ONCE,
    )


def refusal(facts: Facts) -> tuple[str, str] | None:
    """Why facts or judgements alone refuse the plugin; ``None`` when it is worth a try."""
    plugin = facts.plugin
    if plugin in judgements.EXCLUSIVE:
        return "exclusive", judgements.EXCLUSIVE[plugin]
    if plugin in judgements.BINDINGS:
        return "binding", ""
    if plugin.startswith(("match_", "target_")):
        return "filter", ""
    if not _reads(facts) and plugin not in judgements.REFUSED:
        return _by_callbacks(facts) or ("no_read", "")
    missing = ("not_loadable", f"It wants {', '.join(facts.missing)}.") if facts.missing else None
    return _by_callbacks(facts) or judgements.REFUSED.get(plugin) or missing


def kind(facts: Facts) -> str:
    """The kind that people know the plugin by."""
    if facts.plugin in judgements.BINDINGS:
        return "binding"
    if facts.plugin.startswith(("match_", "target_")):
        return "filter"
    if facts.plugin in _LOGGERS:
        return "log"
    if facts.plugin in _OTHERS:
        return "other"
    if facts.plugin.startswith("notify_"):
        return "notify"
    if "write" in facts.callbacks and facts.plugin not in {"postgresql", "snmp_agent"}:
        return "write"
    return "read" if _reads(facts) else "other"


def _by_callbacks(facts: Facts) -> tuple[str, str] | None:
    others = sorted(set(facts.callbacks) - _HARMLESS, key=_worst_first)
    if others:
        return f"{others[0]}_callback", f"All that it can register: {', '.join(facts.callbacks)}."
    if facts.threads:
        return "threads", "It imports a function that creates threads."
    return ("own_process", "It imports a function that starts processes.") if facts.processes else None


def _of_outcome(outcome: Outcome | None, configured: bool) -> tuple[str, str]:
    if outcome is None:
        return safety.UNKNOWN, ""
    if configured and not outcome.reason and not outcome.reads_seen:
        return safety.UNKNOWN, "The proof had no configuration that made it read."
    return outcome.reason, outcome.detail


def _worst_first(callback: str) -> tuple[int, str]:
    order = ("write", "log", "notification", "missing", "cache_event", "flush")
    return (order.index(callback) if callback in order else len(order), callback)


def _reads(facts: Facts) -> bool:
    return bool(_READS & set(facts.callbacks))


def _scratch(facts: Facts) -> bool:
    if facts.plugin in judgements.EXCLUSIVE or facts.plugin in judgements.NOT_IN_SCRATCH:
        return False
    return kind(facts) in {"read", "filter"} or facts.plugin in _OTHERS
