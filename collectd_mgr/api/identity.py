# SPDX-License-Identifier: Apache-2.0
"""Who calls: as keystonemiddleware says in the environment, or everybody where authentication is off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Identity:
    """Ids and roles of a checked token."""

    user: str = ""
    project: str = ""
    roles: tuple[str, ...] = ()
    system_scope: str | None = None
    domain: str | None = None

    def credentials(self) -> dict[str, Any]:
        """As oslo.policy wants them."""
        return {
            "user_id": self.user,
            "project_id": self.project,
            "roles": list(self.roles),
            "system_scope": self.system_scope,
            "domain_id": self.domain,
        }


#: For one machine, where whoever reaches the port may do everything.
EVERYBODY = Identity(user="nobody", project="", roles=("admin",))


def of_token(environ: Mapping[str, Any]) -> Identity | None:
    """The identity that keystonemiddleware confirmed; None when there is none.

    The middleware takes these headers off what a client sends.
    """
    if environ.get("HTTP_X_IDENTITY_STATUS") != "Confirmed":
        return None
    roles = tuple(role.strip().lower() for role in environ.get("HTTP_X_ROLES", "").split(",") if role.strip())
    return Identity(
        environ.get("HTTP_X_USER_ID", ""),
        environ.get("HTTP_X_PROJECT_ID", ""),
        roles,
        environ.get("HTTP_OPENSTACK_SYSTEM_SCOPE") or None,
        environ.get("HTTP_X_DOMAIN_ID") or None,
    )
