# SPDX-License-Identifier: Apache-2.0
"""A client with one connection that stays open."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit


class Connection:
    """Requests one after the other; one that the server closed meanwhile is opened anew.

    Every answer is read to its end and decoded, as a client would.
    """

    def __init__(self, url: str, token: str | None) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._headers = {"Content-Type": "application/json", **({"X-Auth-Token": token} if token else {})}

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded JSON of a 200 or 202. :raises RuntimeError: for any other answer"""
        data = None if body is None else json.dumps(body).encode()
        try:
            response = self._send(method, path, data)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._connection.close()
            response = self._send(method, path, data)
        content = response.read()
        if response.status not in (200, 202):
            raise RuntimeError(f"{method} {path}: {response.status} {content.decode()}")
        return json.loads(content)

    def _send(self, method: str, path: str, data: bytes | None) -> http.client.HTTPResponse:
        self._connection.request(method, path, data, self._headers)
        return self._connection.getresponse()
