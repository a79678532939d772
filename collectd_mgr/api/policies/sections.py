# SPDX-License-Identifier: Apache-2.0
"""Rules for the named settings of a host, section by section."""

from __future__ import annotations

from collections.abc import Iterator

from oslo_policy import policy

from collectd_mgr.api.policies.base import OPERATE, READ, rule


def _rules(section: str, noun: str) -> Iterator[policy.DocumentedRuleDefault]:
    every, name = f"/v1/hosts/{{host}}/{section}", f"collectd_mgr:{section}"
    one = f"{every}/{{setting}}"
    yield rule(f"{name}:list", READ, f"List the {section} of a host.", "GET", every)
    yield rule(f"{name}:replace", OPERATE, f"Set all {section} of a host at once.", "PUT", every)
    yield rule(f"{name}:get", READ, f"Show a {noun}.", "GET", one)
    yield rule(f"{name}:set", OPERATE, f"Set a {noun}.", "PUT", one)
    yield rule(f"{name}:unset", OPERATE, f"Take a {noun} away.", "DELETE", one)


RULES = (*_rules("thresholds", "threshold"), *_rules("ignorelist", "rule of the ignorelist"))
