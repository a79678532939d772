# SPDX-License-Identifier: Apache-2.0
"""What of the operator's own files has to be known to write ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from collectd_mgr import exception
from collectd_mgr.domain import filesystem, ignorelist, include, sections, thresholds
from collectd_mgr.domain.filesystem import FileSystem
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.spec import Goal
from collectd_mgr.drivers.base import DriverSettings


def chain(settings: DriverSettings) -> str | None:
    """The operator's own filter chain before the cache, as the next daemon finds it; None when there is none.

    :raises CollectdMgrError: the operator's files cannot be read
    """
    return ignorelist.operators_chain(_statements(settings))


def check(settings: DriverSettings, goal: Goal) -> None:
    """:raises OwnedByHostConfig, BadSetting: thresholds of the goal judge what the operator's do, or others of it"""
    ours = goal.section(sections.THRESHOLDS)
    if ours:
        thresholds.check(ours, thresholds.from_items(_statements(settings)))


def check_readable(settings: DriverSettings) -> None:
    """:raises ConfigRejected: they cannot be understood; no collectd would start with them, ours and theirs together"""
    try:
        _statements(settings)
    except (exception.CollectdMgrError, OSError) as error:
        said = str(getattr(error, "detail", error))
        detail = f"The operator's files cannot be understood: {said}"
        raise exception.ConfigRejected(detail, messages=[said]) from error


def types(settings: DriverSettings) -> tuple[Item, ...]:
    """Their ``TypesDB`` statements; none where they cannot be read, which is not the business of who asks for these."""
    try:
        return tuple(item for item in _statements(settings) if item.key.lower() == "typesdb")
    except (exception.CollectdMgrError, OSError):
        return ()


def beside(settings: DriverSettings, managed: Sequence[Item]) -> tuple[Item, ...]:
    """Everything that a daemon would read which has ``managed`` in place of the managed file.

    :raises BadConfig: the operator's files do not include the managed file
    :raises CollectdMgrError: the operator's files cannot be read
    """
    found = include.read(settings.config_file, FileSystem()).statements
    ours = [_is_ours(settings, each.file) for each in found]
    if True not in ours:
        reason = f"{settings.config_file} does not include {settings.managed_dir}"
        raise exception.BadConfig(reason, path=settings.config_file, reason=reason)
    before, after = found[: ours.index(True)], found[ours.index(True) :]
    rest = [each.item for each in after if not _is_ours(settings, each.file)]
    return (*(each.item for each in before), *managed, *rest)


def changed(settings: DriverSettings) -> float:
    """When their files were changed last, in seconds since 1970. :raises CollectdMgrError: they cannot be read"""
    found = include.read(settings.config_file, FileSystem())
    return filesystem.changed(settings.config_file, found.files, settings.managed_dir)


def _is_ours(settings: DriverSettings, file: str) -> bool:
    return Path(file).resolve().is_relative_to(Path(settings.managed_dir).resolve())


def _statements(settings: DriverSettings) -> list[Item]:
    if not Path(settings.config_file).exists():
        return []
    found = include.read(settings.config_file, FileSystem())
    return [each.item for each in found.statements if not _is_ours(settings, each.file)]
