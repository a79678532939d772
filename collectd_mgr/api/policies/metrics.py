# SPDX-License-Identifier: Apache-2.0
"""Rules for the cache of a daemon."""

from __future__ import annotations

from collectd_mgr.api.policies.base import OPERATE, READ, rule

RULES = (
    rule("collectd_mgr:metrics:list", READ, "List the metrics of a host.", "GET", "/v1/hosts/{host}/metrics"),
    rule("collectd_mgr:values:list", READ, "List their values.", "GET", "/v1/hosts/{host}/values"),
    rule("collectd_mgr:flush:post", OPERATE, "Make write plugins write.", "POST", "/v1/hosts/{host}/flush"),
)
