# SPDX-License-Identifier: Apache-2.0
"""Rules for the clock of a host."""

from __future__ import annotations

from collectd_mgr.api.policies.base import OPERATE, READ, rule

_CLOCK = "/v1/hosts/{host}/clock"

RULES = (
    rule("collectd_mgr:clock:get", READ, "Show the clocks of a host.", "GET", _CLOCK),
    rule("collectd_mgr:clock:sync", OPERATE, "Have a host's clock corrected.", "POST", f"{_CLOCK}/sync"),
)
