# SPDX-License-Identifier: Apache-2.0
"""[publisher]: what a host says of its own accord, from its agent to the bus."""

from __future__ import annotations

from oslo_config import cfg

GROUP = "publisher"

OPTS = [
    cfg.IntOpt(
        "spool_size",
        default=16 * 1024 * 1024,
        min=256 * 1024,
        help="How many bytes of notifications the agent keeps on its disk while the bus is away, unless the service "
        "says otherwise for the host; then the oldest go, and are counted. The same again for samples.",
    ),
    cfg.StrOpt(
        "project_id",
        default="",
        help="The project that events and samples for Ceilometer and Aodh belong to. Aodh finds the alarms that an "
        "event is for by its project: an event without one fires nobody's alarm.",
    ),
]
