# SPDX-License-Identifier: Apache-2.0
"""Rules for the plugins of a host."""

from __future__ import annotations

from collectd_mgr.api.policies.base import OPERATE, READ, rule

_ONE = "/v1/hosts/{host}/plugins/{plugin}"

RULES = (
    rule("collectd_mgr:plugins:list", READ, "List plugins, desired beside effective.", "GET", _ONE.rpartition("/")[0]),
    rule("collectd_mgr:plugins:get", READ, "Show a plugin.", "GET", _ONE),
    rule("collectd_mgr:plugins:set", OPERATE, "Set the whole of a plugin.", "PUT", _ONE),
    rule("collectd_mgr:plugins:update", OPERATE, "Set a part of a plugin.", "PATCH", _ONE),
    rule("collectd_mgr:plugins:unset", OPERATE, "Take a setting away.", "DELETE", _ONE),
    rule("collectd_mgr:plugins:test", OPERATE, "Try a plugin beside the daemon.", "POST", f"{_ONE}/test"),
    rule("collectd_mgr:plugins:restart", OPERATE, "Restart a plugin.", "POST", f"{_ONE}/restart"),
)
