# SPDX-License-Identifier: Apache-2.0
"""Who asks, and under which request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from collectd_mgr.db.generations import Origin


@dataclass(frozen=True)
class Requester:
    """Ids of Keystone's user and project, and of the request; ``reason`` in the user's own words."""

    user: str = ""
    project: str = ""
    request_id: str = ""
    reason: str = ""
    #: Seconds for which what is asked for is to hold; ``None``: for good.
    expires_in: float | None = None

    def origin(self, action: str, plugin: str = "", setting: str = "", parts: Iterable[str] = ()) -> Origin:
        """Of a generation that this request makes; ``parts``: what of the plugin is set, if that is not the whole."""
        return Origin(action, plugin, **vars(self), setting=setting, parts=",".join(sorted(parts)))
