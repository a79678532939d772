# SPDX-License-Identifier: Apache-2.0
"""A build of collectd, as it describes itself (``collectd -h``), and whether it is one that the extension knows."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: The first and the last minor version of 5 whose structures the extension has. 5.8 has no ``name`` in the context; 6.0
#: is another program.
KNOWN = (9, 13)

_VERSION = re.compile(r"^collectd (?P<version>(?P<major>\d+)\.(?P<minor>\d+)[^,\s]*),", re.MULTILINE)
_PLUGINS = re.compile(r"^ *Plugin directory +(?P<path>/.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Build:
    """``plugin_dir``: where it looks for plugins unless it is told otherwise."""

    version: str
    plugin_dir: str
    #: Whether it is none from before those that are known.
    recent: bool

    @classmethod
    def told(cls, usage: str) -> Build | None:
        """The build of this usage text; None where that is none of collectd's."""
        version, plugins = _VERSION.search(usage), _PLUGINS.search(usage)
        if version is None or plugins is None:
            return None
        recent = (int(version["major"]), int(version["minor"])) >= (5, KNOWN[0])
        return cls(version["version"], plugins["path"].strip(), recent)
