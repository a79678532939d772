# SPDX-License-Identifier: Apache-2.0
"""Rules for operations."""

from __future__ import annotations

from collectd_mgr.api.policies.base import READ, rule

RULES = (
    rule("collectd_mgr:operations:list", READ, "List operations.", "GET", "/v1/operations"),
    rule("collectd_mgr:operations:get", READ, "Show an operation.", "GET", "/v1/operations/{operation}"),
)
