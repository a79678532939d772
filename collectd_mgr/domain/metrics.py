# SPDX-License-Identifier: Apache-2.0
"""Metric identifiers in collectd's own words: ``host/plugin-instance/type-instance``."""

from __future__ import annotations

from dataclasses import dataclass

from collectd_mgr import exception

#: Each part of an identifier is shorter than this (DATA_MAX_NAME_LEN).
PART_LIMIT = 128

#: The states of a metric in collectd's cache, by collectd's numbers: what a threshold says of it, if there is one.
STATES = {0: "unknown", 1: "okay", 2: "warning", 3: "failure", 15: "missing"}
UNKNOWN = 0
MISSING = STATES[15]
#: Those that a threshold gives.
JUDGED = (STATES[1], STATES[2], STATES[3])


@dataclass(frozen=True, order=True)
class Identifier:
    """The name of one value list. ``str()`` gives collectd's text form, ``parse`` reads it."""

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
        parts = text.split("/", 2)
        if len(parts) != 3:
            raise exception.BadIdentifier("An identifier is host/plugin-instance/type-instance.", identifier=text)
        host, (plugin, plugin_instance), (type_, type_instance) = parts[0], _split(parts[1]), _split(parts[2])
        identifier = cls(host, plugin, plugin_instance, type_, type_instance)
        identifier._check(text)
        return identifier

    def _check(self, text: str) -> None:
        parts = (self.host, self.plugin, self.plugin_instance, self.type, self.type_instance)
        if not (self.host and self.plugin and self.type):
            raise exception.BadIdentifier("Host, plugin and type must not be empty.", identifier=text)
        if len(text.encode()) >= PART_LIMIT and any(len(part.encode()) >= PART_LIMIT for part in parts):
            raise exception.BadIdentifier(f"A part has {PART_LIMIT} bytes or more.", identifier=text)

    def __str__(self) -> str:
        plugin = f"{self.plugin}-{self.plugin_instance}" if self.plugin_instance else self.plugin
        type_ = f"{self.type}-{self.type_instance}" if self.type_instance else self.type
        return f"{self.host}/{plugin}/{type_}"


def _split(part: str) -> tuple[str, str]:
    name, _, instance = part.partition("-")
    return name, instance
