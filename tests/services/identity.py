# SPDX-License-Identifier: Apache-2.0
"""Who is in the tests' Keystone: one user per role, so that a policy can be tried from every side."""

from __future__ import annotations

from typing import Any

from keystoneauth1 import adapter, session

PASSWORD = "secret"
REGION = "RegionOne"
SERVICE_PROJECT = "service"
SERVICE_USER = "collectd-mgr"

#: (user, project, role); admin is there from the start, in the project admin.
ASSIGNMENTS = (
    ("alice", "demo", "member"),
    ("rita", "demo", "reader"),
    ("mona", "demo", "manager"),
    ("bob", "other", "member"),
    # Enough to validate other people's tokens, and no more.
    (SERVICE_USER, SERVICE_PROJECT, "service"),
)


class Identity:
    """Keystone's API as far as the tests need it, as the admin who is behind ``admin``."""

    def __init__(self, admin: session.Session) -> None:
        self._api = adapter.Adapter(admin, service_type="identity", interface="public", region_name=REGION)

    def seed(self) -> None:
        roles = {role["name"]: role["id"] for role in self._api.get("/roles").json()["roles"]}
        projects = {name: self._create("project", name=name) for name in sorted({row[1] for row in ASSIGNMENTS})}
        for user, project, role in ASSIGNMENTS:
            id_ = self._create("user", name=user, password=PASSWORD)
            self._api.put(f"/projects/{projects[project]}/users/{id_}/roles/{roles[role]}")

    def register(self, name: str, kind: str, url: str) -> None:
        """A service with one endpoint, in the place of those of the same kind that earlier tests registered."""
        self.forget(kind)
        service = self._create("service", name=name, type=kind)
        self._create("endpoint", service_id=service, interface="public", url=url, region_id=REGION)

    def forget(self, kind: str) -> None:
        """Take the services of this kind out of the catalogue; their endpoints go with them."""
        for service in self._api.get("/services", params={"type": kind}).json()["services"]:
            self._api.delete(f"/services/{service['id']}")

    def _create(self, noun: str, **attributes: Any) -> str:
        made = self._api.post(f"/{noun}s", json={noun: attributes}).json()
        return str(made[noun]["id"])
