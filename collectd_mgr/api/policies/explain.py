# SPDX-License-Identifier: Apache-2.0
"""The rule for explaining what is missing."""

from __future__ import annotations

from collectd_mgr.api.policies.base import READ, rule

RULES = (rule("collectd_mgr:explain:get", READ, "Say why a metric is missing.", "GET", "/v1/hosts/{host}/explain"),)
