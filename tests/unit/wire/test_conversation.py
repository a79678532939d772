# SPDX-License-Identifier: Apache-2.0
"""Client and server over a real socket."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.wire import framing
from collectd_mgr.wire.client import WireClient
from collectd_mgr.wire.hello import hello
from collectd_mgr.wire.listener import CannotListen, Listener
from collectd_mgr.wire.server import OPERATION, Method, WireServer
from tests.waiting import PATIENCE, eventually


class Methods:
    """What the server of these tests offers."""

    def __init__(self) -> None:
        self.running = 0
        self.done: list[Any] = []
        self.most = 0
        self.holding = 0
        self.release = threading.Event()

    def table(self) -> dict[str, Method]:
        return {
            "echo": Method(lambda params, request_id: [params, request_id]),
            "fail": Method(self.fail),
            "break": Method(lambda params, request_id: 1 // 0),
            "unspeakable": Method(lambda params, request_id: b"no JSON"),
            "wait": Method(lambda params, request_id: self.held()),
            "work": Method(self.work, OPERATION),
            "hold": Method(lambda params, request_id: self.held(), OPERATION),
            "linger": Method(lambda params, request_id: self.held(), "another"),
        }

    def held(self) -> bool:
        self.holding += 1
        return self.release.wait(PATIENCE)

    def fail(self, params: dict[str, Any], request_id: str) -> None:
        raise exception.LiveRefused("no", plugin="cpu", reason_code="never")

    def work(self, params: dict[str, Any], request_id: str) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        time.sleep(0.005)
        self.running -= 1
        self.done.append(params.get("n"))


@pytest.fixture
def directory() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="cm-", dir="/tmp"))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def methods() -> Methods:
    return Methods()


@pytest.fixture
def path(directory: Path, methods: Methods) -> Iterator[str]:
    path = str(directory / "socket")
    server = WireServer(path, methods.table(), hello(pid=7), connections=8)
    server.start()
    yield path
    methods.release.set()
    assert server.stop(PATIENCE)
    assert not os.path.exists(path)


@pytest.fixture
def client(path: str) -> Iterator[WireClient]:
    client = WireClient(path, timeout=PATIENCE)
    yield client
    client.close()


def test_hello_and_a_call(client: WireClient) -> None:
    assert client.hello() == {"wire": [1, 1], "pid": 7}
    assert client.call("echo", {"a": 1}, request_id="req-1") == [{"a": 1}, "req-1"]
    assert client.call("echo") == [{}, "-"]


def test_errors_keep_their_type(client: WireClient) -> None:
    with pytest.raises(exception.LiveRefused) as error:
        client.call("fail")
    assert (error.value.detail, error.value.kwargs) == ("no", {"plugin": "cpu", "reason_code": "never"})
    with pytest.raises(exception.BadRequest):
        client.call("no_such_method")
    with pytest.raises(exception.CollectdMgrError, match="ZeroDivisionError"):
        client.call("break")
    with pytest.raises(exception.CollectdMgrError, match="TypeError"):
        client.call("unspeakable")
    assert client.call("echo")  # The connection outlived them.


def test_it_outlives_a_lack_of_descriptors(client: WireClient, path: str) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket(socket.AF_UNIX) as waiting:
        resource.setrlimit(resource.RLIMIT_NOFILE, (waiting.fileno(), limits[1]))  # Everything below may be taken.
        spare = list(fill())
        try:
            waiting.connect(path)
            time.sleep(0.3)  # It cannot be accepted.
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            for descriptor in spare:
                os.close(descriptor)
        assert client.call("echo") == [{}, "-"]


def fill() -> Iterator[int]:
    """Take every descriptor that there is."""
    while True:
        try:
            yield os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return


def test_operations_one_at_a_time(client: WireClient, methods: Methods) -> None:
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda _: client.call("work"), range(30)))
    assert methods.most == 1


def test_more_requests_than_connections_wait_for_their_turn(directory: Path, methods: Methods) -> None:
    server = WireServer(str(directory / "many"), methods.table(), hello(), connections=13)
    server.start()
    client = WireClient(str(directory / "many"), timeout=PATIENCE)
    with ThreadPoolExecutor(40) as threads:
        assert list(threads.map(lambda number: client.call("echo", {"n": number})[0]["n"], range(200))) == [*range(200)]
        held = [threads.submit(client.call, "wait") for _ in range(12)]
        eventually(lambda: methods.holding == 12)
        with pytest.raises(exception.RequestTimeout) as error:
            client.call("echo", timeout=0.1)
        methods.release.set()
        assert all(future.result() for future in held)
    assert error.value.kwargs == {"maybe_executed": False}
    client.close()
    assert server.stop(PATIENCE)


def test_reads_beside_an_operation(client: WireClient, methods: Methods) -> None:
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(client.call, "hold")
        eventually(lambda: methods.holding)
        assert client.call("echo")
        methods.release.set()
        assert held.result()


def asks(path: str, timeout: float) -> socket.socket:
    """A connection on which an operation was asked for by somebody who waits so long."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    connection.connect(path)
    framing.send(connection, hello())
    framing.receive(connection)
    framing.send(connection, {"id": 1, "method": "work", "params": {"n": "theirs"}, "timeout": timeout})
    return connection


def test_an_operation_that_would_wait_for_too_long_is_not_begun(
    client: WireClient, path: str, methods: Methods
) -> None:
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(client.call, "hold")
        eventually(lambda: methods.holding)
        with asks(path, timeout=0.1) as connection:
            answer = framing.receive(connection) or {}
        methods.release.set()
        assert held.result()
    assert (answer["error"]["code"], methods.done) == ("busy", [])


def test_an_operation_whose_caller_has_gone_is_not_begun(directory: Path, methods: Methods) -> None:
    server = WireServer(str(directory / "gone"), methods.table(), hello())
    server.start()
    client = WireClient(str(directory / "gone"), timeout=PATIENCE)
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(client.call, "hold")
        eventually(lambda: methods.holding)
        asks(str(directory / "gone"), timeout=3600.0).close()
        methods.release.set()
        assert held.result()
    eventually(lambda: len(server._connections) == 1)
    client.call("work", {"n": "ours"})
    assert methods.done == ["ours"]
    client.close()
    assert server.stop(PATIENCE)


def test_who_is_at_something_beside_the_operations_sees_that_one_wants_the_turn(
    directory: Path, methods: Methods
) -> None:
    """Or that the server is to stop; and has none where one is under way."""
    server = WireServer(str(directory / "aside"), methods.table(), hello())
    server.start()
    client = WireClient(str(directory / "aside"), timeout=PATIENCE)
    with ThreadPoolExecutor(2) as threads:
        for ask in (lambda: client.call("work", {"n": 1}), lambda: server.settle(PATIENCE)):
            with server.exclusively(0.0) as wanted:
                assert not wanted()
                asked = threads.submit(ask)
                eventually(wanted)
            asked.result()
        held = threads.submit(client.call, "hold")
        eventually(lambda: methods.holding)
        with pytest.raises(exception.Busy), server.exclusively(0.0):
            pass
        methods.release.set()
        assert held.result()
    client.close()
    assert server.stop(PATIENCE)


def test_a_default_timeout_of_somebody_elses_is_not_ours(client: WireClient, methods: Methods) -> None:
    """A script that collectd's Python plugin runs beside us may set one, for the whole interpreter."""
    socket.setdefaulttimeout(0.05)
    try:
        client.call("work", {"n": 1})
    finally:
        socket.setdefaulttimeout(None)
    assert methods.done == [1]


def test_who_has_another_turn_waits_for_nobody(client: WireClient, methods: Methods) -> None:
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(client.call, "linger")
        eventually(lambda: methods.holding)
        client.call("work", {"n": 1})
        assert methods.done == [1]
        methods.release.set()
        assert held.result()


def test_a_timeout_may_have_been_executed(client: WireClient) -> None:
    with pytest.raises(exception.RequestTimeout) as error:
        client.call("wait", timeout=0.1)
    assert error.value.kwargs == {"maybe_executed": True}
    assert client.call("echo")


def test_nobody_listens(directory: Path) -> None:
    with pytest.raises(exception.DaemonUnreachable) as error:
        WireClient(str(directory / "socket")).call("echo")
    assert error.value.kwargs == {"maybe_executed": False}


def test_a_new_server_on_the_same_path(directory: Path, methods: Methods) -> None:
    path = str(directory / "again")
    client = WireClient(path)
    for number in range(3):
        server = WireServer(path, methods.table(), hello(pid=number))
        server.start()
        assert client.call("echo") == [{}, "-"]
        assert client.hello()["pid"] == number
        assert server.stop(PATIENCE)
    client.close()


def test_who_has_lost_the_path_is_not_asked_any_more(directory: Path, methods: Methods) -> None:
    """Though its connections are open, as those of a process are that the kernel does not let end."""
    path = str(directory / "heir")
    client = WireClient(path)
    first, second = (WireServer(path, methods.table(), hello(pid=number)) for number in (1, 2))
    first.start()
    assert client.hello()["pid"] == 1
    with pytest.raises(CannotListen):
        second.start()
    os.unlink(f"{path}.lock")
    second.start()
    assert client.hello()["pid"] == 2
    assert first.stop(PATIENCE)
    assert client.call("echo", {"n": 1})
    client.close()
    assert second.stop(PATIENCE)


def test_a_connection_that_breaks_in_the_middle(directory: Path) -> None:
    def serve(connection: socket.socket) -> None:
        framing.receive(connection)
        framing.send(connection, hello())
        framing.receive(connection)
        connection.close()

    with answering(directory, serve) as path, pytest.raises(exception.DaemonUnreachable) as error:
        WireClient(path).call("echo")
    assert error.value.kwargs == {"maybe_executed": True}


def test_no_common_version(directory: Path) -> None:
    def serve(connection: socket.socket) -> None:
        framing.receive(connection)
        framing.send(connection, hello((8, 9)))

    with answering(directory, serve) as path, pytest.raises(exception.WireMismatch):
        WireClient(path).hello()


class answering:
    """Somebody else's server, for one connection."""

    def __init__(self, directory: Path, serve: Callable[[socket.socket], None]) -> None:
        self._path = str(directory / "theirs")
        self._serve = serve

    def __enter__(self) -> str:
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self._path)
        self._listening.listen()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self._path

    def _run(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            self._serve(connection)

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listening.close()


def test_too_many_connections_are_turned_away(path: str, client: WireClient) -> None:
    others = [WireClient(path) for _ in range(8)]
    for other in others:
        other.hello()
    with pytest.raises(exception.Busy):
        client.call("echo")
    for other in others:
        other.close()
    eventually(lambda: admitted(client))


def admitted(client: WireClient) -> bool:
    try:
        return bool(client.call("echo"))
    except exception.Busy:
        return False


def test_a_client_that_talks_nonsense_harms_only_itself(path: str, client: WireClient) -> None:
    for nonsense in (b"", b"\xff" * 100, framing.encode(hello()) + framing.encode([1, 2]), framing.encode({"wire": 1})):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            connection.sendall(nonsense)
    assert client.call("echo")


@pytest.mark.parametrize("method", ["hold", "linger"])
def test_stop_waits_for_whatever_has_its_turn(directory: Path, methods: Methods, method: str) -> None:
    server = WireServer(str(directory / "turns"), methods.table(), hello())
    server.start()
    client = WireClient(str(directory / "turns"), timeout=PATIENCE)
    with ThreadPoolExecutor(1) as threads:
        held = threads.submit(client.call, method)
        eventually(lambda: methods.holding)
        assert not server.settle(0.01)
        methods.release.set()
        assert held.result()
    assert server.stop(PATIENCE)
    client.close()


def test_stop_waits_for_the_running_operation(directory: Path, methods: Methods) -> None:
    server = WireServer(str(directory / "short"), methods.table(), hello())
    server.start()
    client = WireClient(str(directory / "short"))
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(client.call, "hold")
        eventually(lambda: methods.holding)
        second = threads.submit(client.call, "work")
        time.sleep(0.05)
        assert not server.stop(0.05)
        methods.release.set()
        assert isinstance(first.exception(PATIENCE), (exception.DaemonUnreachable, type(None)))
        assert isinstance(second.exception(PATIENCE), exception.DaemonUnreachable)
    client.close()


def test_the_path_is_taken_over_from_the_dead_only(directory: Path) -> None:
    path = str(directory / "mine")
    first = Listener(path, 1)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    with pytest.raises(CannotListen, match="another process"):
        Listener(path, 1)
    first.close()
    assert not os.path.exists(path)
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(path)
    stale.close()
    Listener(path, 1).close()


def test_nothing_but_a_socket_is_replaced(directory: Path) -> None:
    (directory / "file").write_text("precious")
    with pytest.raises(CannotListen, match="not a socket"):
        Listener(str(directory / "file"), 1)
    assert (directory / "file").read_text() == "precious"


def test_no_socket_where_others_can_write(directory: Path) -> None:
    directory.chmod(0o777)
    with pytest.raises(CannotListen, match="written by others"):
        Listener(str(directory / "socket"), 1)
