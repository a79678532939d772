# SPDX-License-Identifier: Apache-2.0
"""The policy of every request, in code: ``oslopolicy-policy-generator --namespace collectd_mgr`` prints it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from oslo_policy import policy

from collectd_mgr.api.policies import (
    base,
    buffer,
    clock,
    explain,
    generations,
    hosts,
    metrics,
    notifications,
    operations,
    plugins,
    sections,
)


def list_rules() -> Iterable[policy.RuleDefault]:
    """Every rule, for the generator and the enforcer (entry point ``oslo.policy.policies``)."""
    return itertools.chain.from_iterable(
        module.RULES
        for module in (
            base,
            hosts,
            clock,
            plugins,
            sections,
            metrics,
            explain,
            buffer,
            notifications,
            generations,
            operations,
        )
    )
