# SPDX-License-Identifier: Apache-2.0
"""What a host lets the service do to it: plugins, files, addresses, intervals. The agent has the last word.

:func:`violations` is pure. It judges what came through the service and is to run; the operator's own
files are the operator's. Names are compared without regard to case, as collectd compares them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from collectd_mgr import exception
from collectd_mgr.domain import config, options, safety
from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.spec import PluginGoal

#: Makes a path what the kernel would open: ``os.path.realpath`` on the host itself.
Resolve = Callable[[str], str]

# Begins where a word begins: otherwise a long word costs the square of its length.
_URL = re.compile(r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]*)://\S*", re.IGNORECASE)
_LOCAL_URL = re.compile(r"(?:file|unix|local):(?://(?:localhost|127\.0\.0\.1)?(?=/))?", re.IGNORECASE)
#: A path within a string: ``sslkey=/etc/key``, ``@/etc/key``.
_EMBEDDED = re.compile(r"[=:,;@|\s'\"(](/[^\s,;'\")|:]*)")


@dataclass(frozen=True)
class Policy:
    """Directories and files are absolute; a directory stands for all that is in it.

    ``allow``: plugins that are refused unless named (then with all their options, programs only from
    ``programs``); ``deny``: plugins that are refused in any case; ``read``: what plugins may read; ``write``: where
    they may make, write or delete files; ``sockets``: what they may connect to; ``schemes``: of URLs;
    ``shortest_interval`` in seconds; ``samples_per_second`` of the whole daemon; ``spool_bytes`` and ``ring_bytes``:
    what of the disk the service may have the agent take, of each spool and for all recent values together;
    ``binaries`` and ``images``: what may be run as collectd besides what the host itself is configured for.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    read: tuple[str, ...] = (
        "/etc/pki/tls/certs",
        "/etc/ssl/certs",
        "/proc/buddyinfo",
        "/proc/interrupts",
        "/proc/loadavg",
        "/proc/meminfo",
        "/proc/net",
        "/proc/pressure",
        "/proc/slabinfo",
        "/proc/softirqs",
        "/proc/stat",
        "/proc/sys",
        "/proc/vmstat",
        "/sys",
        "/var/lib/collectd",
        "/var/log",
    )
    write: tuple[str, ...] = ("/run/collectd", "/var/lib/collectd", "/var/log/collectd")
    sockets: tuple[str, ...] = ("/run", "/var/run")
    programs: tuple[str, ...] = ()
    schemes: tuple[str, ...] = ("http", "https", "ldap", "ldaps", "tcp", "udp")
    shortest_interval: float = 1.0
    samples_per_second: float = 10_000.0
    spool_bytes: float = float(1 << 28)
    ring_bytes: float = float(1 << 30)
    binaries: tuple[str, ...] = ()
    images: tuple[str, ...] = ()


@dataclass(frozen=True)
class Violation:
    """``option`` is the way to it, as in ``Query > Statement``; empty for the plugin itself.

    A section of settings is an option of no plugin.

    ``reason_code`` is stable: plugin, option, path, program, url, interval, config, expression, size.
    """

    plugin: str
    option: str
    reason_code: str
    reason: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.plugin, self.option, self.reason)))

    def to_dict(self) -> dict[str, str]:
        return dict(vars(self))


def policy(data: Mapping[str, Any]) -> Policy:
    """The policy of a file: ``{"plugins": {"allow", "deny"}, "files": {"read", "write", "sockets", "programs"},
    "urls": {"schemes"}, "limits": {"shortest_interval", "samples_per_second", "spool_bytes", "ring_bytes"},
    "collectd": {"binaries", "images"}}``. What it does not say stays as it is by default.

    :raises ValueError: with what is wrong with it
    """
    given: dict[str, Any] = {}
    for section, values in data.items():
        if section not in _SECTIONS or not isinstance(values, dict):
            raise ValueError(f"[{section}] is no section of an allow-list")
        for key, value in values.items():
            if key not in _SECTIONS[section]:
                raise ValueError(f"[{section}] has no {key}")
            given[key] = _number(key, value) if section == "limits" else _strings(key, value)
    for key in {"read", "write", "sockets", "programs", "binaries"} & set(given):
        if not all(posixpath.isabs(path) for path in given[key]):
            raise ValueError(f"{key} must name absolute paths")
    return Policy(**given)


_SECTIONS = {
    "plugins": ("allow", "deny"),
    "files": ("read", "write", "sockets", "programs"),
    "urls": ("schemes",),
    "limits": ("shortest_interval", "samples_per_second", "spool_bytes", "ring_bytes"),
    "collectd": ("binaries", "images"),
}


def _strings(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError(f"{key} is a list of strings")
    return tuple(each.lower() for each in value) if key in ("allow", "deny", "schemes") else tuple(value)


def _number(key: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise ValueError(f"{key} is a number above 0")
    return float(value)


def too_much(rates: Mapping[str, float], policy: Policy) -> list[str]:
    """The plugins that have to be off before the rest gives no more samples per second than the host allows: what
    gives most comes first.
    """
    left, off = dict(rates), list[str]()
    while sum(left.values()) > policy.samples_per_second:
        off.append(max(left, key=left.__getitem__))
        del left[off[-1]]
    return off


def violations(
    plugins: Mapping[str, PluginGoal], rules: Policy, resolve: Resolve = posixpath.normpath
) -> tuple[Violation, ...]:
    """What of ``plugins`` the host refuses, in order; empty when nothing.

    What is off, and what the operator's own files configure, is not judged.
    """
    return tuple(
        violation
        for name, goal in plugins.items()
        if goal.enabled and goal.origin != "host"
        for violation in _Judge(name, rules, resolve).of(goal)
    )


class _Judge:
    """One plugin under one policy."""

    def __init__(self, name: str, rules: Policy, resolve: Resolve) -> None:
        self._plugin = name
        # collectd still takes the old name of one plugin.
        self._name = {"libvirt": "virt"}.get(name.lower(), name.lower())
        self._rules = rules
        self._resolve = resolve
        self._allowed = self._name in rules.allow
        self._known: dict[str, str] = {}

    def of(self, goal: PluginGoal) -> Iterator[Violation]:
        refusal = self._refusal(goal)
        if refusal:
            yield self._no((), "plugin", refusal)
            return
        if goal.interval is not None and not goal.interval >= self._rules.shortest_interval:
            yield self._too_short((), goal.interval)
        try:
            items = goal.items
        except (exception.BadGrammar, exception.BadConfig) as error:
            yield self._no((), "config", f"It cannot be understood: {error.kwargs['reason']}")
            return
        yield from self._weight(items)
        for item in items:
            yield from self._item(item, ())

    def _weight(self, items: tuple[Item, ...]) -> Iterator[Violation]:
        """Also of a plugin that is allowed all its options: no operator means to have collectd die."""
        try:
            config.light(items)
        except exception.BadConfig as error:
            reason = f"It could harm collectd: {error.kwargs['reason']}."
            yield Violation(self._plugin, error.kwargs["path"], "expression", reason)

    def _refusal(self, goal: PluginGoal) -> str | None:
        if not safety.PLUGIN_NAME.fullmatch(self._plugin):
            return "This is not the name of a plugin."
        if self._name in self._rules.deny:
            return "The host's operator refuses this plugin."
        if self._allowed:
            return None
        if goal.config and self._name not in safety.table():
            return "Nobody knows what the options of this plugin can do."
        return options.REFUSED_PLUGINS.get(self._name)

    def _item(self, item: Item, above: tuple[str, ...]) -> Iterator[Violation]:
        here, key = (*above, item.key), item.key.lower()
        refused = options.REFUSED_OPTIONS.get((self._name, key))
        if refused and not self._allowed:
            yield self._no(here, "option", refused)
        if key == "interval":
            yield from (self._too_short(here, value) for value in item.values if self._is_too_short(value))
        for value in item.values:
            if isinstance(value, str):
                yield from self._string(value, key, here)
        if self._name == "exec" and self._allowed:
            yield from self._command(item, here)
        for child in item.children or ():
            yield from self._item(child, here)

    def _is_too_short(self, value: object) -> bool:
        try:
            return not float(str(value)) >= self._rules.shortest_interval
        except ValueError:
            return True

    def _string(self, value: str, key: str, here: tuple[str, ...]) -> Iterator[Violation]:
        if self._name in options.CODE_PLUGINS:
            yield from self._code(value, here)
        elif self._name == "virt" and key == "connection":
            if not options.LOCAL_LIBVIRT.fullmatch(value):
                yield self._no(here, "url", "Only a libvirt of the host itself, without parameters, is let in.")
        elif not options.is_word(self._name, key):
            yield from self._address(value, key, here)

    def _command(self, item: Item, here: tuple[str, ...]) -> Iterator[Violation]:
        """collectd looks for a program without a slash in its PATH."""
        if not item.children and (len(item.values) < 2 or not str(item.values[1]).startswith("/")):
            yield self._no(here, "program", "A program is named by its absolute path.")

    def _code(self, value: str, here: tuple[str, ...]) -> Iterator[Violation]:
        for part in re.split(r"[:=,;\s]", value):
            if "/" in part and not self._inside(part, self._rules.programs):
                yield self._no(here, "program", "It names a program, or code, outside the directories for those.")

    def _address(self, value: str, key: str, here: tuple[str, ...]) -> Iterator[Violation]:
        text = re.sub(r"^[\x00-\x20]+", "", value)
        local = _LOCAL_URL.match(text)
        for scheme in [] if local else _URL.findall(text):
            if scheme.lower() not in self._rules.schemes:
                yield self._no(here, "url", f"The scheme {scheme.lower()} of a URL is not let in.")
        paths = [unquote(text[local.end() :])] if local else _paths(_URL.sub("", text))
        for path in paths:
            if not self._inside(path, self._directories(key)):
                yield self._no(here, "path", "It names a file outside the directories that the host lets in.")

    def _directories(self, key: str) -> tuple[str, ...]:
        if key in options.WRITES.get(self._name, ()):
            return self._rules.write
        return (*self._rules.read, *self._rules.sockets) if key in options.SOCKETS else self._rules.read

    def _inside(self, path: str, directories: tuple[str, ...]) -> bool:
        if ".." in path.split("/") or not path.startswith("/") or "\0" in path:
            return False
        real = self._resolve(path)
        return any(real == directory or real.startswith(f"{directory}/") for directory in map(self._real, directories))

    def _real(self, directory: str) -> str:
        if directory not in self._known:
            self._known[directory] = self._resolve(directory).rstrip("/")
        return self._known[directory]

    def _too_short(self, here: tuple[str, ...], value: object) -> Violation:
        shortest = self._rules.shortest_interval
        return self._no(here, "interval", f"An interval of {value} s is shorter than the {shortest:g} s of this host.")

    def _no(self, here: tuple[str, ...], code: str, reason: str) -> Violation:
        return Violation(self._plugin, " > ".join(here), code, reason)


def _paths(text: str) -> list[str]:
    """What in a string may be a path: one that leaves its directory, too, whatever it is relative to."""
    if text.startswith("/") or ".." in text.split("/"):
        return [text]
    return _EMBEDDED.findall(text)
