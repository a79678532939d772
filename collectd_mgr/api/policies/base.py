# SPDX-License-Identifier: Apache-2.0
"""Who counts as what. Hosts belong to no project, so a role counts only where configuration says that it does."""

from __future__ import annotations

from oslo_policy import policy

OPERATE = "collectd_mgr:operate"
READ = "collectd_mgr:read"

RULES = (
    policy.RuleDefault(
        OPERATE,
        "role:admin or (role:manager and True:%(operator_project)s)",
        "Whoever may change what hosts do: an admin, or a manager in a project of [api] operator_projects.",
    ),
    policy.RuleDefault(
        READ,
        f"rule:{OPERATE} or (role:reader and True:%(operator_project)s)",
        "Whoever may see what hosts do: those who may change it, and readers in such a project.",
    ),
)


def rule(name: str, who: str, description: str, method: str, path: str) -> policy.DocumentedRuleDefault:
    """The rule of one request."""
    return policy.DocumentedRuleDefault(
        name, f"rule:{who}", description, [{"method": method, "path": path}], scope_types=["project"]
    )
