# SPDX-License-Identifier: Apache-2.0
"""What the operator's own files configure, as the lowest layer and as text. They are read, never written."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from collectd_mgr import exception
from collectd_mgr.domain import config, grammar, include, queue, sections, thresholds
from collectd_mgr.domain.effective import DEFAULT_INTERVAL, Plugin, effective
from collectd_mgr.domain.filesystem import SURE, FileSystem, changed
from collectd_mgr.domain.include import Located
from collectd_mgr.domain.plan import Running
from collectd_mgr.domain.secrets import mask_items
from collectd_mgr.domain.spec import ORIGIN, Layer, PluginSetting


@dataclass(frozen=True)
class Origin:
    """``interval`` (seconds) and ``hostname`` as the operator's files give them to the daemon.

    ``statements`` are those of the operator; ``warnings`` are sentences about what could not be read; ``unread`` says
    why the files could not be read again, ``lacks`` that they do not include what is managed, in a sentence, and
    ``changed`` when the youngest of them was changed (since 1970).
    """

    layer: Layer = field(default_factory=lambda: Layer(ORIGIN))
    interval: float = DEFAULT_INTERVAL
    hostname: str = field(default_factory=socket.gethostname)
    statements: tuple[Located, ...] = ()
    warnings: tuple[str, ...] = ()
    unread: str | None = None
    lacks: str | None = None
    changed: float = field(default=float("inf"), compare=False)

    def with_warning(self, warning: str) -> Origin:
        """The same, although it could not be read again."""
        return replace(self, warnings=(warning,), unread=warning)

    def may_be_of(self, running: Running) -> bool:
        """Whether ``running`` may have been started with the files as they were read."""
        return self.changed <= (running.started or 0.0) + SURE

    def has_ours(self, running: Running) -> bool | None:
        """Whether ``running`` was started with what is managed, as every one was that answers; None: not known."""
        if running.version is not None:
            return True
        return self.lacks is None if self.may_be_of(running) else None

    def silence(self, running: Running) -> str | None:
        """That ``running`` does not say what it does, and why, where that is known; None when it does, or none runs."""
        if running.silence is None or self.has_ours(running) is not False:
            return running.silence
        return f"collectd runs (pid {running.pid}) without what is managed: {self.lacks}"

    @cached_property
    def sections(self) -> Mapping[str, Mapping[str, Any]]:
        """The operator's own settings of sections, under names made up for them."""
        return sections.read(
            {
                sections.QUEUE: queue.from_options(effective(self.statements).options),
                sections.THRESHOLDS: thresholds.from_items(each.item for each in self.statements),
            }
        )

    def text(self) -> str:
        """The operator's statements as collectd.conf text, includes in their place; secrets in clear."""
        return grammar.render(statement.item for statement in self.statements)

    def masked(self) -> str:
        """The same without secrets."""
        return grammar.render(mask_items(tuple(statement.item for statement in self.statements)))


def read(config_file: str, managed_dir: str, last: Origin | None = None) -> Origin:
    """What ``config_file`` and its includes configure, what is below ``managed_dir`` left out, by whatever path.

    Nothing for a file that is not there. One that cannot be read whole (a syntax error) gives a warning and
    ``last``, what it was when it could, or an empty layer: what runs and nobody names is the operator's, and is
    left alone.
    """
    if not Path(config_file).exists():
        return Origin()
    try:
        found = include.read(config_file, _Operators(managed_dir))
    except exception.CollectdMgrError as error:
        return (last or Origin()).with_warning(error.detail)
    ours = Path(managed_dir).resolve()
    included = any(Path(file).resolve().is_relative_to(ours) for file in found.files)
    return replace(
        _origin(found.statements, found.warnings),
        lacks=None if included else f"{config_file} does not include {managed_dir}.",
        changed=changed(config_file, found.files, managed_dir),
    )


class _Operators(FileSystem):
    """The disk without what is ours: whatever has become of that, the rest is the operator's."""

    def __init__(self, managed_dir: str) -> None:
        self._managed = Path(managed_dir).resolve()

    def read(self, path: str) -> str:
        return "" if Path(path).resolve().is_relative_to(self._managed) else super().read(path)


def _origin(statements: tuple[Located, ...], warnings: tuple[str, ...]) -> Origin:
    found = effective(statements)
    hostname = found.options.get("Hostname")
    return Origin(
        # In lower case, as the API and Debian's files have them; to collectd SWAP is swap.
        Layer(ORIGIN, {name: _setting(plugin) for name, plugin in found.plugins.items()}),
        found.interval,
        socket.gethostname() if hostname is None else str(hostname.value),
        statements,
        (*warnings, *found.warnings),
    )


def _setting(plugin: Plugin) -> PluginSetting:
    interval = plugin.interval if plugin.own_interval else None
    return PluginSetting(True, interval, config.to_json(plugin.items) if plugin.items else None)
