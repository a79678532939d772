# SPDX-License-Identifier: Apache-2.0
"""Something that answers on the socket as the extension does, with no collectd around it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from collectd_mgr import exception
from collectd_mgr.wire.hello import hello
from collectd_mgr.wire.server import OPERATION, Method, WireServer

#: No process has it: the largest is 2^22.
NOBODY = 1 << 23


class Extension:
    """Answers as one does inside collectd; ``calls`` are the operations that it was asked for."""

    def __init__(self, socket: str, reasons: list[str]) -> None:
        self.calls: list[tuple[str, str]] = []
        self.reasons = reasons
        self.dead = False
        #: Plugins whose reads a disable does not take out.
        self.stay: set[str] = set()
        self.plugins: dict[str, Any] = {}
        self.fails: Callable[[str, str], None] = lambda _method, _plugin: None
        table = {
            "status": Method(lambda _params, _id: self.status()),
            "generation_set": Method(lambda _params, _id: {}),
        }
        table["drain"] = Method(lambda _params, _id: self.calls.append(("drain", "")))
        for name in ("plugin_enable", "plugin_disable"):
            table[name] = Method(self._operation(name), OPERATION)
        self.server = WireServer(socket, table, hello(pid=NOBODY))
        self.server.start()

    def status(self) -> dict[str, Any]:
        if self.dead:
            raise exception.DaemonUnreachable(maybe_executed=False)
        live = {"on": not self.reasons, "reasons": self.reasons}
        facts = {"pid": NOBODY, "started": 1.0, "collectd_version": "5.12.0", "interval": 10.0, "generation": None}
        return {**facts, "live": live, "plugins": self.plugins}

    def _operation(self, name: str) -> Callable[[dict[str, Any], str], Any]:
        def run(params: dict[str, Any], _: str) -> Any:
            self.calls.append((name, params["plugin"]))
            self.fails(name, params["plugin"])
            registered = name == "plugin_enable" or params["plugin"] in self.stay
            digest = params.get("config_digest")
            state = {"loaded": True, "registered": registered, "interval": 10.0, "config_digest": digest}
            self.plugins[params["plugin"]] = {**state, "stopping": False}
            return self.plugins[params["plugin"]]

        return run
