# SPDX-License-Identifier: Apache-2.0
"""A way to a RabbitMQ on which, while it is told so, no confirmation of a message comes back."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

#: AMQP 0-9-1: the type of a frame with a method; class and method of Basic.Ack; bytes before and after its payload.
_METHOD, _ACK, _HEAD, _END = 1, (60, 80), 7, 1


class Unconfirming:
    """Listens on a port of its own and passes everything on; a context manager."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.swallows = False

    def __enter__(self) -> Unconfirming:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                for copy in (self._there, self._back):
                    threading.Thread(target=copy, args=(client, server), daemon=True).start()

    @staticmethod
    def _there(client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), server:
            while data := client.recv(65536):
                server.sendall(data)

    def _back(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client, server.makefile("rb") as stream:
            while len(head := stream.read(_HEAD)) == _HEAD:
                kind, _, size = struct.unpack("!BHI", head)
                rest = stream.read(size + _END)
                acknowledges = kind == _METHOD and struct.unpack("!HH", rest[:4]) == _ACK
                if not (acknowledges and self.swallows):
                    client.sendall(head + rest)
