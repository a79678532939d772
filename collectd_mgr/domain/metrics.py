# SPDX-License-Identifier: Apache-2.0
"""Metric identifiers in collectd's own words: ``host/plugin-instance/type-instance``."""

from __future__ import annotations

from dataclasses import dataclass

from collectd_mgr import exception

#: Each part of an identifier is shorter than this (DATA_MAX_NAME_LEN).
PART_LIMIT = 128

#: Stands for a byte that is no UTF-8, where a name is shown.
NO_UTF_8 = "\N{REPLACEMENT CHARACTER}"

#: The states of a metric in collectd's cache, by collectd's numbers: what a threshold says of it, if there is one.
STATES = {0: "unknown", 1: "okay", 2: "warning", 3: "failure", 15: "missing"}
UNKNOWN = 0
MISSING = STATES[15]
#: Those that a threshold gives.
JUDGED = (STATES[1], STATES[2], STATES[3])


@dataclass(frozen=True, order=True)
class Identifier:
    """The name of one value list. ``str()`` gives collectd's text form, ``parse`` and ``of`` read it."""

    host: str
    plugin: str
    plugin_instance: str
    type: str
    type_instance: str

    @classmethod
    def parse(cls, text: str) -> Identifier:
        """Read ``host/plugin[-instance]/type[-instance]``; the type instance may hold slashes.

        :raises BadIdentifier: when a part is missing, empty or too long
        """
        if text.count("/") < 2:
            raise exception.BadIdentifier("An identifier is host/plugin-instance/type-instance.", identifier=text)
        identifier = cls.of(text)
        identifier._check(text)
        return identifier

    @classmethod
    def of(cls, text: str) -> Identifier:
        """The same of a name that collectd gives, which is never refused: whoever sends values may name them as he
        likes, without a plugin, or in another encoding than UTF-8.
        """
        host, _, rest = text.partition("/")
        plugin, _, type_ = rest.partition("/")
        return cls(host, *_split(plugin), *_split(type_))

    def _check(self, text: str) -> None:
        parts = (self.host, self.plugin, self.plugin_instance, self.type, self.type_instance)
        if not (self.host and self.plugin and self.type):
            raise exception.BadIdentifier("Host, plugin and type must not be empty.", identifier=text)
        if _size(text) >= PART_LIMIT and any(_size(part) >= PART_LIMIT for part in parts):
            raise exception.BadIdentifier(f"A part has {PART_LIMIT} bytes or more.", identifier=text)

    def __str__(self) -> str:
        plugin = f"{self.plugin}-{self.plugin_instance}" if self.plugin_instance else self.plugin
        type_ = f"{self.type}-{self.type_instance}" if self.type_instance else self.type
        return f"{self.host}/{plugin}/{type_}"


def _size(text: str) -> int:
    """In bytes. Of what is no UTF-8 each has a character of its own, or the one that it is shown by."""
    return len(text.replace(NO_UTF_8, "?").encode("utf-8", "replace"))


def shown(name: str) -> str:
    """A name that collectd gives as text that goes anywhere, logs and terminals included."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _split(part: str) -> tuple[str, str]:
    name, _, instance = part.partition("-")
    return name, instance
