# SPDX-License-Identifier: Apache-2.0
"""[conductor]: hears the agents, settles operations, sends again what is unsettled."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "conductor"

OPTS = [
    cfg.IntOpt("batch_size", default=100, min=1, help="The most heartbeats and statuses taken at once."),
    cfg.FloatOpt("batch_timeout", default=0.2, min=0.01, help="How long a batch waits to become full, in seconds."),
    cfg.FloatOpt(
        "heartbeat_interval",
        default=10.0,
        min=0.1,
        help="Seconds between two heartbeats of an agent: three missed, and the host is down. "
        "The same as [agent] heartbeat_interval, or longer.",
    ),
    cfg.FloatOpt("resend_interval", default=10.0, min=0.1, help="Seconds between two looks for what is unsettled."),
    cfg.FloatOpt("call_timeout", default=60.0, min=1.0, help="How long an agent may take for what is sent again."),
    cfg.FloatOpt(
        "notification_retention",
        default=604_800.0,
        min=60.0,
        help="How long the notifications of the hosts are kept, in seconds.",
    ),
    cfg.IntOpt(
        "notification_limit",
        default=1_000_000,
        min=1,
        help="The most notifications that are kept. Beyond that the oldest go of the hosts that have the most.",
    ),
    cfg.IntOpt(
        "generations_kept",
        default=1000,
        min=1,
        help="How many generations of each host are kept. The oldest beyond that are forgotten, but for the first, "
        "the last two that were good, and those whose outcome is not known.",
    ),
    cfg.FloatOpt(
        "operation_retention",
        default=2_592_000.0,
        min=60.0,
        help="How long the errors and warnings of operations are kept once their outcome is known, in seconds; 30 "
        "days. What remains is the audit record: who asked for what, when and why, and what became of it.",
    ),
    cfg.FloatOpt(
        "audit_retention",
        default=31_536_000.0,
        min=60.0,
        help="How long operations are kept at all once their outcome is known, in seconds; a year. Those whose outcome "
        "is not known stay.",
    ),
    cfg.IntOpt("workers", default=4, min=1, help="How many hosts are sent to at once."),
]
