# SPDX-License-Identifier: Apache-2.0
"""Rules for what a host publishes, keeps and holds back."""

from __future__ import annotations

from collections.abc import Iterator

from oslo_policy import policy

from collectd_mgr.api.policies.base import OPERATE, READ, rule

_HOST = "/v1/hosts/{host}"


def _section(name: str, what: str) -> Iterator[policy.DocumentedRuleDefault]:
    every, one = f"{_HOST}/{name}", f"{_HOST}/{name}/{{setting}}"
    yield rule(f"collectd_mgr:{name}:list", READ, f"List which metrics {what}.", "GET", every)
    yield rule(f"collectd_mgr:{name}:get", READ, f"Show one choice of metrics that {what}.", "GET", one)
    yield rule(f"collectd_mgr:{name}:set", OPERATE, f"Choose metrics that {what}.", "PUT", one)
    yield rule(f"collectd_mgr:{name}:unset", OPERATE, "Take a choice back.", "DELETE", one)


RULES = (
    *_section("samples", "are published"),
    *_section("ring", "are kept on the host"),
    rule("collectd_mgr:values:publish", OPERATE, "Publish what a host kept.", "POST", f"{_HOST}/values/publish"),
    rule("collectd_mgr:buffer:get", READ, "Show the buffers of a host, and what they lost.", "GET", f"{_HOST}/buffer"),
    rule("collectd_mgr:buffer:set", OPERATE, "Set how large they may be.", "PUT", f"{_HOST}/buffer"),
)
