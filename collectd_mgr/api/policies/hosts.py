# SPDX-License-Identifier: Apache-2.0
"""Rules for hosts and the daemon on them."""

from __future__ import annotations

from collectd_mgr.api.policies.base import OPERATE, READ, rule

RULES = (
    rule("collectd_mgr:hosts:list", READ, "List hosts.", "GET", "/v1/hosts"),
    rule("collectd_mgr:hosts:get", READ, "Show a host.", "GET", "/v1/hosts/{host}"),
    rule("collectd_mgr:hosts:update", OPERATE, "Set labels, description or mode.", "PATCH", "/v1/hosts/{host}"),
    rule("collectd_mgr:hosts:delete", OPERATE, "Forget a host that is gone.", "DELETE", "/v1/hosts/{host}"),
    rule("collectd_mgr:hosts:reload", OPERATE, "Read the operator's files again.", "POST", "/v1/hosts/{host}/reload"),
    rule("collectd_mgr:hosts:preview", OPERATE, "Say what a spec would come to.", "POST", "/v1/hosts/{host}/preview"),
    rule("collectd_mgr:hosts:restart", OPERATE, "Restart collectd.", "POST", "/v1/hosts/{host}/restart"),
    rule(
        "collectd_mgr:hosts:replace",
        OPERATE,
        "Have a new collectd take the place of the one that runs.",
        "POST",
        "/v1/hosts/{host}/replace",
    ),
    rule(
        "collectd_mgr:capabilities:get",
        READ,
        "Show what a host can do, and why not the rest.",
        "GET",
        "/v1/hosts/{host}/capabilities",
    ),
    rule("collectd_mgr:config:get", READ, "Show the configuration, masked.", "GET", "/v1/hosts/{host}/config"),
)
