# SPDX-License-Identifier: Apache-2.0
"""Whether the one who calls may: identity and policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from oslo_policy import policy

from collectd_mgr import exception
from collectd_mgr.api import identity, policies
from collectd_mgr.api.identity import Identity

if TYPE_CHECKING:
    from oslo_config import cfg


class Gate:
    """Holds the policy; one per application."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        self._open = conf.api.auth_strategy == "none"
        self._projects = frozenset(conf.api.operator_projects)
        self._enforcer = policy.Enforcer(conf)
        self._enforcer.register_defaults(list(policies.list_rules()))
        self._enforcer.load_rules()

    def identify(self, environ: Mapping[str, Any]) -> Identity:
        """:raises Unauthorized: without a valid token"""
        found = identity.EVERYBODY if self._open else identity.of_token(environ)
        if found is None:
            raise exception.Unauthorized()
        return found

    def check(self, who: Identity, rule: str) -> None:
        """:raises Forbidden: when the policy says no"""
        target = {"operator_project": bool(who.project) and who.project in self._projects}
        if not self._enforcer.authorize(rule, target, who.credentials(), do_raise=False):
            raise exception.Forbidden(f"The policy {rule} does not allow this.", rule=rule)
