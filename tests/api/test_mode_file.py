# SPDX-License-Identifier: Apache-2.0
"""What the local file says of the mode is in force, and is never taken for the server's own word."""

from __future__ import annotations

import json
from typing import Any

from tests.api.service import Service
from tests.api.test_hostile import ask

HOST = "cn1.example.org"


def patch(service: Service, **mode: Any) -> Any:
    return ask(service, "PATCH", f"/v1/hosts/{HOST}", json.dumps({"mode": mode}).encode()).json["host"]


def test_the_switch_for_live_stores_nothing_of_it(service: Service) -> None:
    agent = service.agent(HOST)
    file = service.directory / HOST / "mode"
    file.write_text("mode = observe\nlive = false\nreason = disk")
    service.hear(agent.reporter.observed())
    host = patch(service, live=True)
    assert (host["mode"]["mode"], host["mode"]["live"], host["mode"]["set_by"]) == ("observe", False, "file")
    assert (host["desired_mode"]["mode"], host["desired_mode"]["live"]) == (None, True)
    file.unlink()
    host = patch(service, live=False)
    assert (host["mode"]["mode"], host["mode"]["live"], host["mode"]["set_by"]) == ("manage", False, "server")


def test_a_mode_stores_no_switch_of_it(service: Service) -> None:
    agent = service.agent(HOST, mode="observe")
    file = service.directory / HOST / "mode"
    file.write_text("live = false")
    service.hear(agent.reporter.observed())
    host = patch(service, mode="manage")
    assert (host["desired_mode"]["mode"], host["desired_mode"]["live"]) == ("manage", True)
