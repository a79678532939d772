# SPDX-License-Identifier: Apache-2.0
"""Which mode is in force: the local file's, else the server's, else the configured one.

The file holds one word (``off``, ``observe`` or ``manage``), or lines ``mode = observe``, ``live = false``,
``reason = disk replacement``. It acts at once, without the bus; taking it away gives the word back to the server. What
it does not say stays as it would be without it: ``live = false`` alone does not have an observed host managed.
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
        without = self._default
        if server is not None:
            without = replace(server, mode=server.mode or self._default.mode, set_by="server")
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return without
        except (OSError, ValueError) as error:
            return _halt(f"{self._file} cannot be read: {error}")
        return self._parsed(text, without)

    def _parsed(self, text: str, without: Mode) -> Mode:
        try:
            return parse(text, without)
        except ValueError as error:
            return _halt(f"{self._file}: {error}")


def parse(text: str, without: Mode) -> Mode:
    """The mode that the text of a mode file says, where it would be ``without`` the file.

    :raises ValueError: with what is wrong with it; one that is empty may be one that is just being written
    """
    lines = [line.strip() for line in text.splitlines()]
    pairs = [_pair(line) for line in lines if line and not line.startswith("#")]
    given = dict(pairs)
    if len(given) < len(pairs):
        raise ValueError("it says one thing twice")  # One may be a halt.
    _check(given)
    live = _TRUTHS[given["live"].lower()] if "live" in given else without.live
    return Mode(given.get("mode", without.mode), live, given.get("reason", ""), "file")


def _check(given: dict[str, str]) -> None:
    unknown = set(given) - {"mode", "live", "reason"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    if not {"mode", "live"} & set(given):
        raise ValueError("it says neither mode nor live")
    if given.get("mode", mode.MANAGE) not in mode.MODES:
        raise ValueError(f"{given['mode']!r} is none of {', '.join(mode.MODES)}")
    if given.get("live", "true").lower() not in _TRUTHS:
        raise ValueError(f"live is true or false, not {given['live']!r}")


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
