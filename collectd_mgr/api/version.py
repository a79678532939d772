# SPDX-License-Identifier: Apache-2.0
"""The version of the API, as ``OpenStack-API-Version: collectd-mgr 1.0`` asks for it."""

from __future__ import annotations

from collectd_mgr import exception

HEADER = "OpenStack-API-Version"
SERVICE = "collectd-mgr"
CURRENT = "1.0"

#: The ways to ask for it.
_SERVED = (CURRENT, "1", "latest")


def check(header: str | None) -> None:
    """:param header: as it was sent; ``None`` and what is said to other services ask for nothing

    :raises NotAcceptable: when the client asks this service for a version it has not
    """
    for wanted in (header or "").split(","):
        service, *number = wanted.split() or [""]
        asked = " ".join(number)
        if service.lower() == SERVICE and asked not in _SERVED:
            raise exception.NotAcceptable(f"Version {asked!r} is not served; {CURRENT} is.", versions=[CURRENT])
