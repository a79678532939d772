# SPDX-License-Identifier: Apache-2.0
"""Settings of a collectd in a container, with the root of this machine below a layer of its own: no registry."""

from __future__ import annotations

import dataclasses
import uuid
from typing import Any, cast

from collectd_mgr.drivers.base import DriverSettings

#: crun does not work with hybrid cgroups.
PODMAN = "podman --runtime runc"

ROOT = "/:O"


def options() -> dict[str, str]:
    """What [collectd] says of a container of its own name."""
    return {
        "image": ROOT,
        "container": f"cm-{uuid.uuid4().hex[:12]}",
        "podman": PODMAN,
        "podman_options": "--network host --ulimit nofile=1024:1024 --ulimit nproc=1024:1024",
    }


def contained(settings: DriverSettings) -> DriverSettings:
    """The same daemon in a container, which sees the directory of all that is of it: the socket is there too."""
    return dataclasses.replace(settings, daemon="podman", **cast(dict[str, Any], options()))
