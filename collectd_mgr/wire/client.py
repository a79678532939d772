# SPDX-License-Identifier: Apache-2.0
"""The agent's side of the socket."""

from __future__ import annotations

import itertools
import os
import select
import socket
import struct
import threading
import time
from typing import Any

from collectd_mgr import exception
from collectd_mgr.wire import framing
from collectd_mgr.wire.hello import hello, negotiate
from collectd_mgr.wire.look import waiting

#: Connections of one client at once; the extension turns away what is over its own, higher limit.
_CONNECTIONS = 12


#: No answer in time: within a look it is not waited for again.
_SILENCE = (exception.DaemonUnreachable, exception.RequestTimeout)

#: struct ucred: pid, uid, gid.
_CREDENTIALS = struct.Struct("3i")


class WireClient:
    """Calls the extension that listens on ``path``; any number of threads may share it.

    A call takes an idle connection or opens one, so a long operation does not hold up a read. A
    connection that collectd closed (it was restarted) is noticed before use and replaced.

    :param timeout: seconds until a call gives up, unless the call says otherwise
    """

    def __init__(self, path: str, timeout: float = 10.0) -> None:
        self._path = path
        self._timeout = timeout
        self._ids = itertools.count(1)
        self._lock = threading.Lock()
        self._idle: list[_Connection] = []
        self._slots = threading.Semaphore(_CONNECTIONS)

    def hello(self) -> dict[str, Any]:
        """What the extension says of itself: ``wire``, ``extension``, ``pid``, ``collectd``.

        :raises DaemonUnreachable: nobody listens
        :raises WireMismatch: no common version
        """
        with waiting(self._timeout, _SILENCE) as seconds:
            connection = self._take(time.monotonic() + seconds)
        self._idle.append(connection)
        return connection.peer

    def listener(self) -> int | None:
        """The pid of the process that listens, as the kernel has it: it need not answer. None when none is seen to."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.setblocking(False)
            try:
                connection.connect(self._path)
            except OSError:
                return None
            pid, _, _ = _CREDENTIALS.unpack(
                connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            )
            return int(pid)

    def call(
        self,
        method: str,
        params: dict[str, Any] | None = None,
        *,
        request_id: str = "",
        timeout: float | None = None,
    ) -> Any:
        """The result of ``method``.

        :raises CollectdMgrError: the extension's own error, as it was raised there
        :raises DaemonUnreachable: no connection, or it broke (``maybe_executed`` says whether the
            request may have taken effect)
        :raises RequestTimeout: no answer in time; ``maybe_executed`` as above
        """
        with waiting(self._timeout if timeout is None else timeout, _SILENCE) as seconds:
            answer = self._answer(method, params or {}, request_id, seconds)
        if "error" in answer:
            raise exception.from_dict(answer["error"])
        return answer["result"]

    def _answer(self, method: str, params: dict[str, Any], request_id: str, timeout: float) -> dict[str, Any]:
        deadline = time.monotonic() + timeout
        if not self._slots.acquire(timeout=timeout):
            raise exception.RequestTimeout(f"{method} had to wait for other requests too long", maybe_executed=False)
        try:
            return self._exchange(method, params, request_id, deadline)
        finally:
            self._slots.release()

    def _exchange(self, method: str, params: dict[str, Any], request_id: str, deadline: float) -> dict[str, Any]:
        connection = self._take(deadline)
        try:
            request = {"id": next(self._ids), "method": method, "params": params, "request_id": request_id}
            answer = connection.exchange({**request, "timeout": deadline - time.monotonic()}, deadline)
        except BaseException:
            connection.close()
            raise
        with self._lock:
            self._idle.append(connection)
        return answer

    def close(self) -> None:
        """Close the idle connections; the client stays usable."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self, deadline: float) -> _Connection:
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return _Connection(self._path, deadline)
            if connection.alive():
                return connection
            connection.close()


class _Connection:
    """One connection after its hello."""

    def __init__(self, path: str, deadline: float) -> None:
        self._path, self._inode = path, _inode(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.peer = self._open(path, deadline)
        except BaseException:
            self.close()
            raise

    def _open(self, path: str, deadline: float) -> dict[str, Any]:
        try:
            self._until(deadline)
            self._socket.connect(path)
            framing.send(self._socket, hello())
            peer = framing.receive(self._socket)
        except (OSError, framing.BadFrame) as error:
            raise exception.DaemonUnreachable(
                f"collectd does not answer on {path}: {error}", maybe_executed=False
            ) from error
        if peer is None:
            raise exception.DaemonUnreachable(f"collectd closed the connection on {path}", maybe_executed=False)
        if "error" in peer:
            raise exception.from_dict(peer["error"])
        negotiate(peer)
        return dict(peer)

    def alive(self) -> bool:
        """Whether the other side kept the connection open: nothing can be waiting to be read on it; and nobody else
        listens there by now. One that was killed may be held by the kernel, with all that it has open.
        """
        readable, _, _ = select.select([self._socket], [], [], 0)
        return not readable and _inode(self._path) in (None, self._inode)

    def exchange(self, request: dict[str, Any], deadline: float) -> dict[str, Any]:
        self._send(framing.encode(request), deadline)
        try:
            self._until(deadline)
            answer = framing.receive(self._socket)
        except socket.timeout as error:
            raise exception.RequestTimeout(
                f"collectd did not answer {request['method']} in time", maybe_executed=True
            ) from error
        except (OSError, framing.BadFrame) as error:
            raise _broke(error, maybe_executed=True) from error
        if not isinstance(answer, dict) or answer.get("id") != request["id"]:
            raise _broke("the connection was closed", maybe_executed=True)
        return answer

    def _send(self, frame: bytes, deadline: float) -> None:
        try:
            self._until(deadline)
            self._socket.sendall(frame)
        except OSError as error:
            # A request that did not arrive whole is not executed.
            raise _broke(error, maybe_executed=False) from error

    def _until(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise socket.timeout("the time is over")
        self._socket.settimeout(left)

    def close(self) -> None:
        self._socket.close()


def _inode(path: str) -> int | None:
    """Of the socket there; None for none: who was connected before is connected yet."""
    try:
        return os.stat(path).st_ino
    except OSError:
        return None


def _broke(error: object, maybe_executed: bool) -> exception.DaemonUnreachable:
    return exception.DaemonUnreachable(f"The connection to collectd broke: {error}", maybe_executed=maybe_executed)
