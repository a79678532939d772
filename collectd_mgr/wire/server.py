# SPDX-License-Identifier: Apache-2.0
"""The extension's side of the socket: threads, one method of a turn at a time, reads beside it."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Callable

from collectd_mgr import exception
from collectd_mgr.wire import framing
from collectd_mgr.wire.hello import negotiate
from collectd_mgr.wire.listener import Listener, may_connect
from collectd_mgr.wire.turn import Turn

#: More connections than this at once are turned away.
CONNECTIONS = 32

#: The turn of what changes the daemon.
OPERATION = "operation"

#: Seconds that a caller waits for the answer, who does not say so; and the most that is believed.
_TIMEOUT, _LONGEST = 10.0, 3600.0

#: Seconds until the next try, where a connection could not be accepted.
_PAUSE = 0.1


@dataclass(frozen=True)
class Method:
    """What answers one method: ``call(params, request_id)`` gives JSON or raises a typed error.

    It never runs beside another one of the same ``turn``; what has none runs at any time.
    """

    call: Callable[[dict[str, Any], str], Any]
    turn: str = ""


class WireServer:
    """Listens on ``path`` from :meth:`start` to :meth:`stop`; all its threads are daemons."""

    def __init__(
        self, path: str, methods: Mapping[str, Method], hello: dict[str, Any], connections: int = CONNECTIONS
    ) -> None:
        self._path = path
        self._methods = methods
        self._hello = hello
        self._limit = connections
        named = {method.turn for method in methods.values() if method.turn}
        self._turns = {turn: Turn() for turn in {OPERATION, *named}}
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._stopping = False

    def start(self) -> None:
        """:raises CannotListen: the socket cannot be had, or not safely"""
        self._listener = Listener(self._path, backlog=self._limit)
        self._spawn(self._accept)

    def move(self, path: str) -> None:
        """Listen on ``path``, and where it did before no more; connections and operations go on.

        :raises CannotListen: nothing has changed
        """
        before, self._listener = self._listener, Listener(path, backlog=self._limit)
        self._path = path
        _shut(before.socket)
        before.close()

    def stop(self, timeout: float) -> bool:
        """Take no more, wait for what has its turn, close everything.

        :param timeout: seconds to wait at most
        :returns: whether that ended within the timeout
        """
        self._stopping = True
        _shut(self._listener.socket)
        self._listener.close()
        idle = self.settle(timeout)  # Those that wait for their turn find that the server stops.
        with self._lock:
            connections, threads = list(self._connections), list(self._threads)
        for connection in connections:
            _shut(connection)
        for thread in threads:
            thread.join(1.0 if idle else 0.0)
        return idle

    @contextlib.contextmanager
    def exclusively(self, timeout: float = -1) -> Iterator[Callable[[], bool]]:
        """Inside, no operation runs; gives what tells whether one waits to, or the stop does.

        :raises Busy: one has run for ``timeout`` seconds; -1: it is waited for
        """
        turn = self._turns[OPERATION]
        if not turn.take(timeout):
            raise exception.Busy(f"collectd is still at an {OPERATION}.")
        try:
            yield turn.wanted
        finally:
            turn.leave()

    def settle(self, timeout: float) -> bool:
        """Wait until nothing has its turn, ``timeout`` seconds at most; whether it came to that."""
        deadline = time.monotonic() + timeout
        return all(_ends(turn, deadline) for turn in self._turns.values())

    def _spawn(self, target: Callable[..., None], *args: Any) -> None:
        """:raises RuntimeError: there is no thread to be had"""

        def run() -> None:
            try:
                target(*args)
            finally:
                with self._lock:
                    self._threads.discard(thread)

        thread = threading.Thread(target=run, name="collectd_mgr", daemon=True)
        # Under the lock that a stop takes: then none is just being begun when Python frees what it needs for that.
        with self._lock:
            if self._stopping:
                raise RuntimeError("the server stops")
            thread.start()
            self._threads.add(thread)

    def _accept(self) -> None:
        while not self._stopping:
            listener = self._listener
            try:
                connection, _ = listener.socket.accept()
            except OSError:
                # The daemon may be out of descriptors for a while; without this thread nobody reaches it any more.
                time.sleep(0 if self._stopping or listener is not self._listener else _PAUSE)
                continue
            try:
                self._receive(connection)
            except (OSError, RuntimeError):
                self._leave(connection)

    def _receive(self, connection: socket.socket) -> None:
        # Another script in this interpreter may have set a default: with it a look would wait.
        connection.settimeout(None)
        if not may_connect(connection):
            connection.close()
        elif not self._admit(connection):
            _turn_away(connection)
        else:
            self._spawn(self._serve, connection)

    def _admit(self, connection: socket.socket) -> bool:
        with self._lock:
            if len(self._connections) >= self._limit:
                return False
            self._connections.add(connection)
            return True

    def _serve(self, connection: socket.socket) -> None:
        try:
            self._converse(connection)
        except (OSError, framing.BadFrame):
            pass  # The client sees the connection closed; it knows what it had asked.
        finally:
            self._leave(connection)

    def _leave(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)
        connection.close()

    def _converse(self, connection: socket.socket) -> None:
        theirs = framing.receive(connection)
        framing.send(connection, self._hello)
        try:
            negotiate(theirs)
        except exception.WireMismatch:
            return  # The client finds out the same from our hello.
        while not self._stopping:
            request = framing.receive(connection)
            if request is None:
                return
            connection.sendall(self._answer(request, connection))

    def _answer(self, request: Any, caller: socket.socket) -> bytes:
        """The frame of it: a result that makes none is a failure like any other."""
        if not isinstance(request, dict):
            raise framing.BadFrame("a request is an object")
        number = request.get("id")
        try:
            return framing.encode({"id": number, "result": self._execute(request, caller)})
        except exception.CollectdMgrError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - the daemon goes on, whatever a method does
            failure = exception.CollectdMgrError(f"{type(error).__name__}: {error}")
        return framing.encode({"id": number, "error": failure.to_dict()})

    def _execute(self, request: dict[str, Any], caller: socket.socket) -> Any:
        method = self._methods.get(str(request.get("method")))
        params = request.get("params") or {}
        if method is None or not isinstance(params, dict):
            raise exception.BadRequest(f"no such request: {request.get('method')!r}")
        request_id = str(request.get("request_id") or "-")
        if not method.turn:
            return method.call(params, request_id)
        with self._having(method.turn, _patience(request), caller):
            return method.call(params, request_id)

    @contextlib.contextmanager
    def _having(self, name: str, patience: float, caller: socket.socket) -> Iterator[None]:
        """Inside, the caller has the turn: nobody begins what he was told has failed.

        :raises Busy: another one has it for too long
        :raises DaemonUnreachable: collectd stops
        :raises RequestTimeout: the caller has gone
        """
        turn = self._turns[name]
        if not turn.take(patience):
            raise exception.Busy(f"collectd is still at another {name}.")
        try:
            if self._stopping:
                raise exception.DaemonUnreachable("collectd is stopping", maybe_executed=False)
            if _gone(caller):
                raise exception.RequestTimeout("Nobody waits for it any more.", maybe_executed=False)
            yield
        finally:
            turn.leave()


def _patience(request: dict[str, Any]) -> float:
    """Seconds to wait for the turn: half of what the caller waits, so that there is time to do it as well."""
    told = request.get("timeout")
    timeout = float(told) if isinstance(told, (int, float)) and told > 0 else _TIMEOUT
    return min(timeout, _LONGEST) / 2


def _gone(caller: socket.socket) -> bool:
    """Whether the other side has closed the connection; it asks for nothing before it has our answer."""
    try:
        return caller.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _ends(turn: Turn, deadline: float) -> bool:
    """Whether nobody has it, then or before."""
    free = turn.take(max(0.0, deadline - time.monotonic()))
    if free:
        turn.leave()
    return free


def _turn_away(connection: socket.socket) -> None:
    connection.settimeout(0.2)
    with contextlib.suppress(OSError, framing.BadFrame):
        framing.receive(connection)  # To close with its hello unread would take our answer from it.
        framing.send(connection, {"error": exception.Busy("too many connections").to_dict()})
    connection.close()


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
