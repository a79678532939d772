# SPDX-License-Identifier: Apache-2.0
"""The settings of a layer that are not about one plugin: by section, and by name within it.

::

    {"thresholds": {"cpu-busy": {"type": "cpu", "failure_max": 90.0}}, "queue": {"limits": {"high": 1000}}}

What a setting holds is the business of the module that has the section's name. Here they are JSON: compared by
digest, and merged whole, name by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from collectd_mgr import exception
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

#: What a setting may be called: short enough for a chain of collectd's, and harmless in any file.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")

#: The name of a setting where it may have any.
_ANY = "*"

_PARTS = ("host", "plugin", "plugin_instance", "type", "type_instance")
_BOUNDS = ("warning_min", "warning_max", "failure_min", "failure_max", "hysteresis", "hits")
_FLAGS = ("invert", "persist", "persist_ok", "percentage", "interesting")

#: What a setting may hold, by section and by its name.
MEMBERS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    IGNORELIST: {_ANY: ("action", *_PARTS)},
    MUTES: {_ANY: ("identifier", "severities", "by", "reason")},
    PROGRAM: {"collectd": ("binary", "image")},
    QUEUE: {"limits": ("high", "low")},
    RING: {_ANY: ("identifier", "interval", "age", "bytes")},
    SAMPLES: {_ANY: ("identifier", "interval", "rates")},
    SPOOL: {"limits": ("bytes",)},
    THRESHOLDS: {_ANY: (*_PARTS, "data_source", *_BOUNDS, *_FLAGS)},
}

NAMES = tuple(MEMBERS)

#: The verb of an operation that sets all of a section at once: ``thresholds.replace``.
REPLACE = "replace"

#: The settings of one section by name; ``None`` takes away what a layer below has under that name.
Settings = Mapping[str, Any]
#: Settings by section. A section without settings is not in it.
Sections = Mapping[str, Settings]


def check_name(name: str) -> str:
    """The name. :raises BadSetting: it is none"""
    if not NAME.fullmatch(name):
        raise exception.BadSetting(
            f"{name!r} is no name: up to 63 letters, digits, dots, dashes, underscores; a letter or digit first.",
            field="name",
        )
    return name


def read(data: Mapping[str, Any] | None) -> Sections:
    """Sections from JSON, in order; unknown ones too (:func:`unknown`)."""
    found = {str(section): dict(sorted(settings.items())) for section, settings in sorted((data or {}).items())}
    return {section: settings for section, settings in found.items() if settings}


def unknown(sections: Sections) -> Iterator[str]:
    """What a later release says in them, and this one does not know: ``section``, ``section.name`` or
    ``section.member``.
    """
    for section, settings in sections.items():
        if section not in MEMBERS:
            yield section
            continue
        for name, setting in present({section: settings}).get(section, {}).items():
            known = MEMBERS[section].get(name, MEMBERS[section].get(_ANY))
            if known is None:
                yield f"{section}.{name}"
            elif isinstance(setting, Mapping):
                yield from (f"{section}.{key}" for key, value in setting.items() if not (key in known or value is None))


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
