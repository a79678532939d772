# SPDX-License-Identifier: Apache-2.0
"""Which collectd a host runs: one of its binaries, or an image."""

from __future__ import annotations

from collections.abc import Mapping

from collectd_mgr.api.schemas.fields import Schema

_BESIDES = " Kept for later starts, and gone back from with a generation; null: what the host itself is configured for."

PROPERTIES: Mapping[str, Schema] = {
    "binary": {
        "type": ["string", "null"],
        "pattern": "^/[^\\x00-\\x1f]*$",
        "maxLength": 1024,
        "description": f"Path of another collectd; the host's own allow-list has to name it.{_BESIDES}",
    },
    "image": {
        "type": ["string", "null"],
        "pattern": "^[A-Za-z0-9/][!-~]*$",
        "maxLength": 1024,
        "description": "Of a host that runs collectd in a container: as podman names images, or the path of a "
        f"root file system; the host's own allow-list has to name it.{_BESIDES}",
    },
}

#: Of a body with these properties.
NOT_BOTH: Schema = {"not": {"required": ["binary", "image"]}}
