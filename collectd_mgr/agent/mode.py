# SPDX-License-Identifier: Apache-2.0
"""Which mode is in force: the local file's, else the server's, else the configured one.

The file holds one word (``off``, ``observe`` or ``manage``), or lines ``mode = observe``, ``live = false``,
``reason = disk replacement``. It acts at once, without the bus; taking it away gives the word back to the server.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from collectd_mgr import exception
from collectd_mgr.domain import mode
from collectd_mgr.domain.mode import Mode

_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class ModeSwitch:
    """The mode of this agent; ``default`` when nobody has said anything."""

    def __init__(self, file: str, default: str = mode.OBSERVE) -> None:
        self._file = Path(file)
        self._default = Mode(default)

    def now(self, server: Mode | None) -> Mode:
        """The mode in force. A file that nobody can make sense of means ``observe``: somebody wanted a halt."""
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return self._default if server is None else replace(server, set_by="server")
        except (OSError, ValueError) as error:
            return _halt(f"{self._file} cannot be read: {error}")
        return self._parsed(text)

    def _parsed(self, text: str) -> Mode:
        try:
            return parse(text)
        except ValueError as error:
            return _halt(f"{self._file}: {error}")


def parse(text: str) -> Mode:
    """The mode that the text of a mode file says. :raises ValueError: with what is wrong with it"""
    lines = [line.strip() for line in text.splitlines()]
    given = dict(_pair(line) for line in lines if line and not line.startswith("#"))
    unknown = set(given) - {"mode", "live", "reason"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    if given.get("mode", mode.MANAGE) not in mode.MODES:
        raise ValueError(f"{given['mode']!r} is none of {', '.join(mode.MODES)}")
    if given.get("live", "true").lower() not in _TRUTHS:
        raise ValueError(f"live is true or false, not {given['live']!r}")
    return Mode(
        given.get("mode", mode.MANAGE), _TRUTHS[given.get("live", "true").lower()], given.get("reason", ""), "file"
    )


def _pair(line: str) -> tuple[str, str]:
    key, equals, value = line.partition("=")
    return (key.strip().lower(), value.strip()) if equals else ("mode", key.strip().lower())


def _halt(reason: str) -> Mode:
    return Mode(mode.OBSERVE, False, reason, "file")


def check_managed(now: Mode) -> None:
    """:raises HostNotManaged: unless the mode allows changes"""
    if now.mode != mode.MANAGE:
        because = f" ({now.reason})" if now.reason else ""
        raise exception.HostNotManaged(
            f"The host is in mode {now.mode}, set by {now.set_by}{because}: nothing is changed.", **now.to_dict()
        )
