# SPDX-License-Identifier: Apache-2.0
"""Rules for the history of a host's spec."""

from __future__ import annotations

from collectd_mgr.api.policies.base import OPERATE, READ, rule

_ALL = "/v1/hosts/{host}/generations"

RULES = (
    rule("collectd_mgr:generations:list", READ, "List the specs a host had.", "GET", _ALL),
    rule("collectd_mgr:generations:get", READ, "Show one of them, masked.", "GET", f"{_ALL}/{{n}}"),
    rule("collectd_mgr:generations:revert", OPERATE, "Go back to one.", "POST", f"{_ALL}/{{n}}/revert"),
)
