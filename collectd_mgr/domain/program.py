# SPDX-License-Identifier: Apache-2.0
"""Which collectd a host runs: the setting ``collectd`` of the section ``program``.

::

    {"binary": "/opt/collectd-5.13/sbin/collectd"}   or   {"image": "registry.example.org/collectd:5.13"}

Without one it is what the host's own configuration names. With root's rights anything can be done by a program: so the
host's own allow-list names those that it runs besides.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from collectd_mgr.domain import sections
from collectd_mgr.domain.allowlist import Policy, Resolve, Violation
from collectd_mgr.domain.sections import Sections, Settings

NAME = "collectd"

#: How it is named: a file, or what podman takes for an image, a root file system by its path (``/srv/collectd:O``) too.
BINARY, IMAGE = "binary", "image"
KINDS = (BINARY, IMAGE)

_LET_IN: Mapping[str, Callable[[Policy], tuple[str, ...]]] = {
    BINARY: lambda rules: rules.binaries,
    IMAGE: lambda rules: rules.images,
}


def setting(kind: str, name: str | None) -> dict[str, str] | None:
    """The setting that has this one run; None for that of the host's own configuration."""
    return None if name is None else {kind: name}


def named(settings: Settings, kind: str) -> str | None:
    """What the settings of the section name; None where they name nothing, nothing of this kind, or what is no name."""
    found = settings.get(NAME)
    name = found.get(kind) if isinstance(found, Mapping) else None
    return name if _is_name((kind, name)) else None


def violations(asked: Sections, rules: Policy, resolve: Resolve = posixpath.normpath) -> tuple[Violation, ...]:
    """What of the section the host refuses (``program``), or nobody understands (``config``)."""
    return tuple(_judge(asked.get(sections.PROGRAM, {}).get(NAME), rules, resolve))


def _judge(wanted: Any, rules: Policy, resolve: Resolve) -> Iterator[Violation]:
    if wanted is None:
        return
    if not isinstance(wanted, Mapping) or len(wanted) != 1 or not _is_name(next(iter(wanted.items()))):
        yield Violation("", sections.PROGRAM, "config", "It names neither a binary by its path, nor an image.")
        return
    kind, name = next(iter(wanted.items()))
    real = resolve(name) if kind == BINARY else name
    if not any(_matches(pattern, real) for pattern in _LET_IN[kind](rules)):
        said = f"This host runs no {kind} {real}: it is not among those that its allow-list names."
        yield Violation("", f"{sections.PROGRAM} > {kind}", "program", said)


def _is_name(item: tuple[Any, Any]) -> bool:
    kind, name = item
    if kind not in KINDS or not isinstance(name, str) or not name.isprintable() or ".." in name.split("/"):
        return False
    return name.startswith("/") if kind == BINARY else bool(re.match(r"[A-Za-z0-9/]", name))


def _matches(pattern: str, name: str) -> bool:
    """``*`` stands for what has no slash in it."""
    return re.fullmatch("[^/]*".join(map(re.escape, pattern.split("*"))), name) is not None


def within(asked: Sections, rules: Policy, resolve: Resolve = posixpath.normpath) -> Sections:
    """``asked`` without a program that the host refuses."""
    if not violations(asked, rules, resolve):
        return asked
    return sections.read({section: given for section, given in asked.items() if section != sections.PROGRAM})
