# SPDX-License-Identifier: Apache-2.0
"""What a conversation can stand on; each file of conversations gets a fresh one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gabbi.fixture import GabbiFixture

from collectd_mgr.domain.mode import Mode
from collectd_mgr.domain.status import HostStatus
from tests.api.service import Service

_running: list[Service] = []


def application() -> Any:
    """The application of the service that runs now."""

    def respond(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return _running[-1].application(environ, start_response)

    return respond


class Cloud(GabbiFixture):  # type: ignore[misc]
    """``cn1`` is managed, ``cn2`` only observed, ``cn3`` managed and silent."""

    def start_fixture(self) -> None:
        self.service = Service()
        self.service.agent("cn1.example.org")
        self.service.agent("cn2.example.org", mode="observe")
        self.service.hear(HostStatus("cn3.example.org", 1, 1, mode=Mode("manage")))
        _running.append(self.service)

    def stop_fixture(self) -> None:
        _running.remove(self.service)
        self.service.close()


class Nothing(GabbiFixture):  # type: ignore[misc]
    """A service that no host was ever heard by."""

    def start_fixture(self) -> None:
        self.service = Service()
        _running.append(self.service)

    def stop_fixture(self) -> None:
        _running.remove(self.service)
        self.service.close()
