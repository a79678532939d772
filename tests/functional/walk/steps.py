# SPDX-License-Identifier: Apache-2.0
"""What a user may do next. Every value is one that was never asked for before: what is in effect says whose it is."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

from tests.functional.walk.asked import Asked

SECRET = "hunter2-of-the-walk"

#: End collectd: at its start, or when it has run for a while.
CRASHERS = ("crash_in_init", "crash_in_third_read")

#: Plugins that everybody changes, and those of one user alone.
SHARED = ("vmem", "contextswitch")
OWN = ("memory", "ipc", "irq", "conntrack", "numa", "hugepages")

#: The member of a setting that says whose it is, by section.
MARKS = {"thresholds": "failure_max", "ignorelist": "plugin_instance", "ring": "age", "samples": "interval"}

_NUMBERS = itertools.count(1)

#: Refused before anything is stored.
_NONSENSE: list[dict[str, Any]] = [
    {"enabled": "maybe"},
    {"enabled": True, "interval": -1},
    {"enabled": True, "config": "<Page"},
    {"enabled": True, "config": 'Text "\0"'},
    {"enabled": True, "nosuchmember": 1},
    {"enabled": True, "generation": 999_999_999},
    {},
]


class Steps:
    """The steps of one user, in an order that ``dice`` alone decide.

    :param applied: the numbers of the generations that the host had applied
    """

    def __init__(self, dice: random.Random, host: str, own: str, applied: Callable[[], list[int]]) -> None:
        self._dice = dice
        self._host = host
        self._own = own
        self._applied = applied
        self._n = 0

    def next(self) -> Asked:
        (step,) = self._dice.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        self._n = next(_NUMBERS)
        return step(self)

    def _asked(self, method: str, path: str, body: dict[str, Any] | None = None, **more: Any) -> Asked:
        reason = f"walk-{self._n}"
        return Asked(reason, self._host, method, path, {**(body or {}), "reason": reason}, **more)

    def _plugin(self, method: str, name: str, body: dict[str, Any] | None = None, hopeless: bool = False) -> Asked:
        return self._asked(method, f"/plugins/{name}", body, subject=("plugins", name), hopeless=hopeless)

    def _name(self) -> str:
        return self._own if self._dice.random() < 0.7 else self._dice.choice(SHARED)

    def _interval(self) -> float:
        return round(1 + self._n % 900 / 1000, 3)

    def put(self) -> Asked:
        body = {"enabled": self._dice.random() < 0.7, "interval": self._interval()}
        return self._plugin("PUT", self._name(), body)

    def patch(self) -> Asked:
        parts: list[dict[str, Any]] = [{"interval": self._interval()}, {"enabled": self._dice.random() < 0.7}]
        return self._plugin("PATCH", self._name(), self._dice.choice([*parts, {**parts[0], **parts[1]}]))

    def unset(self) -> Asked:
        return self._plugin("DELETE", self._name())

    def configured(self) -> Asked:
        page = {"URL": "file:///proc/loadavg", "Password": f"{SECRET}{self._n}", "MeasureResponseTime": True}
        name, config = self._dice.choice(
            [
                ("tcpconns", {"LocalPort": str(1000 + self._n)}),
                ("protocols", {"Value": f"Tcp:{self._n}"}),
                ("curl", {"Page": {"args": f"page{self._n}", **page}}),
            ]
        )
        return self._plugin("PUT", name, {"enabled": True, "interval": self._interval(), "config": config})

    def part_of_the_config(self) -> Asked:
        return self._plugin("PATCH", "protocols", {"config": {"Value": f"Udp:{self._n}"}})

    def the_operators(self) -> Asked:
        return self._plugin("PUT", self._dice.choice(["load", "entropy"]), {"enabled": self._dice.random() < 0.5})

    def leased(self) -> Asked:
        body = {"enabled": True, "interval": self._interval(), "expires_in": self._dice.choice([1, 3])}
        return self._plugin("PUT", self._name(), body)

    def _setting(self) -> tuple[str, str, dict[str, Any]]:
        name = self._dice.choice(["a", "b", self._own])
        mark = float(self._n + 10)
        section, setting = self._dice.choice(
            [
                ("thresholds", {"plugin": "load", "type": "load", "type_instance": name}),
                ("ignorelist", {"plugin": "^interface$"}),
                ("ring", {"identifier": "*/memory/*"}),
                ("samples", {"identifier": "*/memory/*"}),
            ]
        )
        return section, name, {**setting, MARKS[section]: f"^x{self._n}$" if section == "ignorelist" else mark}

    def set_named(self) -> Asked:
        section, name, setting = self._setting()
        return self._asked("PUT", f"/{section}/{name}", setting, subject=(section, name))

    def lease_named(self) -> Asked:
        section, name, setting = self._setting()
        body = {**setting, "expires_in": self._dice.choice([1, 3])}
        return self._asked("PUT", f"/{section}/{name}", body, subject=(section, name))

    def unset_named(self) -> Asked:
        section, name, _ = self._setting()
        return self._asked("DELETE", f"/{section}/{name}", subject=(section, name))

    def mute(self) -> Asked:
        body = {"identifier": f"*/disk{self._n}/*", "expires_in": self._dice.choice([1, 3])}
        return self._asked("PUT", f"/mutes/{self._own}", body, subject=("mutes", self._own))

    def buffer(self) -> Asked:
        queue = self._dice.choice([None, {"high": 1000 + self._n}])
        return self._asked("PUT", "/buffer", {"write_queue": queue, "spool": {"bytes": 300_000 + self._n}})

    def restart_plugin(self) -> Asked:
        return self._asked("POST", f"/plugins/{self._name()}/restart")

    def restart(self) -> Asked:
        return self._asked("POST", "/restart")

    def reload(self) -> Asked:
        return self._asked("POST", "/reload")

    def revert(self) -> Asked:
        to = self._dice.choice(self._applied())
        return self._asked("POST", f"/generations/{to}/revert", to=to)

    def switch_live(self) -> Asked:
        return self._asked("PATCH", "", {"mode": {"live": self._dice.random() < 0.5}})

    def observe(self) -> Asked:
        return self._asked("PATCH", "", {"mode": {"mode": self._dice.choice(["observe", "manage", "manage"])}})

    def nonsense(self) -> Asked:
        return self._plugin("PUT", self._own, self._dice.choice(_NONSENSE), hopeless=True)

    def not_there(self) -> Asked:
        return self._plugin("PUT", f"nosuch{self._n}", {"enabled": True}, hopeless=True)

    def denied(self) -> Asked:
        return self._plugin("PUT", "exec", {"enabled": True}, hopeless=True)

    def wrong(self) -> Asked:
        config = {"Table": {"args": "/proc/loadavg", "Separator": ","}}
        return self._plugin("PUT", "table", {"enabled": True, "config": config}, hopeless=True)

    def crash(self) -> Asked:
        return self._plugin("PUT", self._dice.choice(CRASHERS), {"enabled": True, "interval": 1.0}, hopeless=True)


_WEIGHTS: dict[Callable[[Steps], Asked], float] = {
    Steps.put: 14,
    Steps.patch: 14,
    Steps.unset: 4,
    Steps.configured: 7,
    Steps.part_of_the_config: 2,
    Steps.the_operators: 3,
    Steps.leased: 5,
    Steps.set_named: 14,
    Steps.lease_named: 5,
    Steps.unset_named: 5,
    Steps.mute: 2,
    Steps.buffer: 2,
    Steps.restart_plugin: 4,
    Steps.restart: 0.7,
    Steps.reload: 1.5,
    Steps.revert: 2,
    Steps.switch_live: 1,
    Steps.observe: 1.5,
    Steps.nonsense: 4,
    Steps.not_there: 2,
    Steps.denied: 2,
    Steps.wrong: 2,
    Steps.crash: 1.2,
}
