# SPDX-License-Identifier: Apache-2.0
"""Named settings as they come by the bus: whoever writes there need not have asked the API. Pure.

What of them is the agent's own business is judged in :mod:`collectd_mgr.domain.choices`, a program and sizes by the
policy of the host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import ignorelist, queue, sections, thresholds
from collectd_mgr.domain.sections import Sections

_Normal = Callable[[Mapping[str, Any]], Any]

#: A setting as the API stores it, by section. It raises BadSetting for what is none.
_CHECKED: Mapping[str, _Normal] = {
    sections.IGNORELIST: ignorelist.normal,
    sections.QUEUE: queue.normal,
    sections.THRESHOLDS: thresholds.normal,
}

#: The same, where it need not be one: an expression is not compiled each time that somebody asks.
_NORMAL: Mapping[str, _Normal] = {**_CHECKED, sections.IGNORELIST: ignorelist.plain}


def check(section: str, name: str, setting: Any) -> None:
    """:raises BadSetting: what the API would not have let in, with ``section``, ``name`` and ``field``"""
    try:
        sections.check_name(name)
        if section in _CHECKED:
            _read(_CHECKED[section], setting)
    except exception.BadSetting as error:
        facts = {**error.kwargs, "section": section, "name": name}
        raise exception.BadSetting(f"{section} > {name}: {error.detail}", **facts) from None


def normal(given: Sections) -> Sections:
    """What is ``given`` as collectd has it in the end, however it was written. What an earlier release let in, and this
    one refuses, stays as it is.
    """
    return {
        section: {name: _leniently(_NORMAL[section], setting) for name, setting in settings.items()}
        if section in _NORMAL
        else settings
        for section, settings in given.items()
    }


def _leniently(read: _Normal, setting: Any) -> Any:
    try:
        return _read(read, setting)
    except exception.BadSetting:
        return setting


def _read(read: _Normal, setting: Any) -> Any:
    if not isinstance(setting, Mapping):
        raise exception.BadSetting("an object is wanted.", field="")
    return read(setting)
