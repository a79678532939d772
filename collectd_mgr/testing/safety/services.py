# SPDX-License-Identifier: Apache-2.0
"""Small servers on loopback that answer as the services do that plugins ask."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def http(pages: Mapping[str, str]) -> Iterator[int]:
    """Serve ``pages`` (path without the query: body) and yield the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = pages.get(self.path.partition("?")[0], "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with _running(_HttpServer(("127.0.0.1", 0), Handler)) as port:
        yield port


@contextmanager
def tcp(answer: bytes, after: bytes = b"", stay: bool = False) -> Iterator[int]:
    """Send ``answer`` whenever ``after`` was seen in what the client says; yield the port.

    The server hangs up after its first answer, unless it is to ``stay``.
    """

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while self._heard():
                self.request.sendall(answer)
                if not stay:
                    return

        def _heard(self) -> bool:
            heard = b""
            while after not in heard:
                said = self.request.recv(4096)
                if not said:
                    return False
                heard += said
            return True

    with _running(_TcpServer(("127.0.0.1", 0), Handler)) as port:
        yield port


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A plugin that hangs up in the middle is no news."""


class _TcpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """The same."""


@contextmanager
def _running(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
