# SPDX-License-Identifier: Apache-2.0
"""An output that hangs: a server takes what it is sent, and does not answer."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from pathlib import Path

from tests.collectd.unixsock import put
from tests.waiting import PATIENCE

#: One metric goes to a server, the others to files.
SPLIT = """
LoadPlugin match_regex
LoadPlugin write_http
<Plugin write_http>
  <Node "a">
    URL "http://127.0.0.1:{port}"
    BufferSize 1024
    Timeout 600000
  </Node>
</Plugin>
<Chain "PostCache">
  <Rule "to_the_server">
    <Match "regex">
      Plugin "^once$"
    </Match>
    <Target "write">
      Plugin "write_http/a"
    </Target>
    Target "stop"
  </Rule>
  <Target "write">
    Plugin "csv"
  </Target>
</Chain>
"""


class Silent:
    """That server, until it is closed; ``config`` has collectd send it what is put by :meth:`hang`."""

    def __init__(self) -> None:
        self._sockets = ExitStack()
        self._server = self._sockets.enter_context(socket.create_server(("127.0.0.1", 0)))
        self._server.settimeout(PATIENCE)
        self.config = SPLIT.format(port=self._server.getsockname()[1])

    def hang(self, path: Path) -> None:
        """By a client of collectd's own socket at ``path``. What is too much for a buffer waits for an answer, and
        keeps a write thread or two of five.
        """
        for number in range(11):
            put(path, f"suite.example.org/once/gauge-{number:040}")
        self._sockets.enter_context(self._server.accept()[0])

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._sockets.close()
