# SPDX-License-Identifier: Apache-2.0
"""Named settings as they come by the bus: whoever writes there need not have asked the API. Pure.

What of them is the agent's own business is judged in :mod:`collectd_mgr.domain.choices`, a program and sizes by the
policy of the host.
"""

from __future__ import annotations

import functools
import json
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


def flaw(section: str, name: str, setting: Any) -> str | None:
    """Why the API would not have let it in, in a sentence; None where it would."""
    return _flaw(section, name, json.dumps(setting, sort_keys=True))


@functools.lru_cache(maxsize=8192)  # It is asked all the time, and compiles expressions.
def _flaw(section: str, name: str, text: str) -> str | None:
    try:
        check(section, name, json.loads(text))
    except exception.BadSetting as error:
        return error.detail
    return None


def normal(given: Sections) -> Sections:
    """What is ``given`` as collectd has it in the end, however it was written. What an earlier release let in, and this
    one refuses, is left out: collectd could not be started with it, whatever else is set.
    """
    return sections.read(
        {
            section: {
                name: _read(_NORMAL[section], setting) if section in _NORMAL else setting
                for name, setting in settings.items()
                if flaw(section, name, setting) is None
            }
            for section, settings in given.items()
        }
    )


def _read(read: _Normal, setting: Any) -> Any:
    if not isinstance(setting, Mapping):
        raise exception.BadSetting("an object is wanted.", field="")
    return read(setting)
