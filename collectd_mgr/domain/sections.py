# SPDX-License-Identifier: Apache-2.0
"""The settings of a layer that are not about one plugin: by section, and by name within it.

::

    {"thresholds": {"cpu-busy": {"type": "cpu", "failure_max": 90.0}}, "queue": {"limits": {"high": 1000}}}

What a setting holds is the business of the module that has the section's name. Here they are JSON: compared by
digest, and merged whole, name by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collectd_mgr.domain import canonical

THRESHOLDS = "thresholds"
IGNORELIST = "ignorelist"
#: The write queue of collectd.
QUEUE = "queue"
#: The spool of the agent.
SPOOL = "spool"
SAMPLES = "samples"
RING = "ring"
MUTES = "mutes"
#: The collectd that runs.
PROGRAM = "program"

NAMES = (IGNORELIST, MUTES, PROGRAM, QUEUE, RING, SAMPLES, SPOOL, THRESHOLDS)

#: The settings of one section by name; ``None`` takes away what a layer below has under that name.
Settings = Mapping[str, Any]
#: Settings by section. A section without settings is not in it.
Sections = Mapping[str, Settings]


def read(data: Mapping[str, Any] | None) -> Sections:
    """Sections from JSON, in order. Unknown ones are kept: a newer server may speak of them."""
    found = {str(section): dict(sorted(settings.items())) for section, settings in sorted((data or {}).items())}
    return {section: settings for section, settings in found.items() if settings}


def over(upper: Sections, below: Sections) -> Sections:
    """``upper`` on top of ``below``, name by name; ``None`` stays, for it is to hide what lies further below."""
    return read({section: {**below.get(section, {}), **upper.get(section, {})} for section in {*below, *upper}})


def present(sections: Sections) -> Sections:
    """Without what was taken away: the end of a merge."""
    return read({section: _present(settings) for section, settings in sections.items()})


def _present(settings: Settings) -> Settings:
    return {name: setting for name, setting in settings.items() if setting is not None}


def with_setting(sections: Sections, section: str, name: str, setting: Any) -> Sections:
    """A copy in which the section has this setting under ``name``, or none for ``None``."""
    return present(over({section: {name: setting}}, sections))


def digest(settings: Settings) -> str:
    """Equal for equal settings, whatever their order."""
    return canonical.digest(dict(settings))


#: The digest of a section without settings.
NOTHING = digest({})
