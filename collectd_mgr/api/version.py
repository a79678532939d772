# SPDX-License-Identifier: Apache-2.0
"""The version of the API, as ``OpenStack-API-Version: collectd-mgr 1.0`` asks for it."""

from __future__ import annotations

from collectd_mgr import exception

HEADER = "OpenStack-API-Version"
SERVICE = "collectd-mgr"
CURRENT = "1.0"


def check(header: str | None) -> None:
    """:raises NotAcceptable: when the client asks this service for a version it has not"""
    for wanted in (header or "").split(","):
        service, _, number = wanted.strip().partition(" ")
        if service.lower() == SERVICE and number.strip() not in (CURRENT, "1", "latest"):
            raise exception.NotAcceptable(
                f"Version {number.strip()!r} is not served; {CURRENT} is.", versions=[CURRENT]
            )
