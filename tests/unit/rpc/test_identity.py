# SPDX-License-Identifier: Apache-2.0
"""What comes in the name of a host counts if that host signed it, and nothing else does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from collectd_mgr import exception
from collectd_mgr.conf import opts
from collectd_mgr.domain.spec import Generation, HostSpec
from collectd_mgr.domain.status import HostStatus
from collectd_mgr.rpc import agent, identity, keys, notifications, status, transport
from collectd_mgr.rpc.identity import HostKeys, Identity
from collectd_mgr.rpc.signing import Verifier
from tests.unit.rpc.buses import configuration, rpc_bus
from tests.unit.rpc.conftest import Clock
from tests.unit.rpc.test_agent import HOST, Endpoint
from tests.waiting import PATIENCE, eventually

PAYLOAD = {"host": HOST, "boot": 1, "seq": 2, "gen": ["e", 3], "value": float("nan"), "ü": [1, 2.5, None]}


@pytest.fixture
def host(key: str, clock: Clock) -> Identity:
    return Identity([key], clock)


@pytest.fixture
def file(tmp_path: Path, host: Identity) -> Path:
    file = tmp_path / "host-keys"
    file.write_text(f"# hosts\n\n{HOST} {host.public[0]} since November\n")
    return file


@pytest.fixture
def known(file: Path, clock: Clock) -> HostKeys:
    return HostKeys(str(file), False, 300.0, clock)


def message(host: Identity | None, payload: dict[str, Any] = PAYLOAD, event: str = "host.heartbeat") -> dict[str, Any]:
    """As oslo.messaging hands it over."""
    context = host.report(event, payload) if host else {}
    return dict(json.loads(json.dumps({"ctxt": context, "event_type": event, "payload": payload})))


def refused(known: HostKeys, *messages: dict[str, Any]) -> dict[str, int]:
    known.refused.clear()
    assert known.believed(messages) == []
    return dict(known.refused)


def test_what_the_host_signed_counts(known: HostKeys, host: Identity) -> None:
    assert known.believed([message(host)]) == [message(host)]


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said.update(event_type="host.status"),
        lambda said: said["payload"].update(seq=3),
        lambda said: said["ctxt"]["signature"].update(issued=1_700_000_001.0),
        lambda said: said["ctxt"]["signature"].update(issued="x"),
        lambda said: said["ctxt"]["signature"].update(issued=None),
        lambda said: said["ctxt"]["signature"].update(value="AAAA"),
        lambda said: said["ctxt"]["signature"].update(value="*"),
        lambda said: said["ctxt"]["signature"].pop("value"),
    ],
)
def test_nothing_of_it_can_be_changed(known: HostKeys, host: Identity, change: Change) -> None:
    said = message(host)
    change(said)
    assert refused(known, said) == {"forged": 1}


@pytest.mark.parametrize("context", [None, {}, {"signature": None}, {"signature": "x"}, {"signature": []}])
def test_what_is_not_signed_does_not(known: HostKeys, context: Any) -> None:
    assert refused(known, {**message(None), "ctxt": context}) == {"unsigned": 1}


def test_another_host_speaks_for_itself_only(known: HostKeys, file: Path, clock: Clock) -> None:
    other = Identity([keys.new()], clock)
    with file.open("a") as lines:
        lines.write(f"c2.example.org {other.public[0]}\n")
    assert refused(known, message(other)) == {"forged": 1}
    assert known.believed([message(other, {**PAYLOAD, "host": "c2.example.org"})])


def test_its_time(known: HostKeys, host: Identity, clock: Clock) -> None:
    said = message(host)
    for moment in (-301, 602):
        clock.now += moment
        assert refused(known, said) == {"expired": 1}
    assert known.believed([said], lifetime=1000)


def test_hosts_without_a_key_are_believed_as_long_as_that_is_allowed(
    file: Path, known: HostKeys, host: Identity, clock: Clock
) -> None:
    stranger = {**PAYLOAD, "host": "new.example.org"}
    assert len(known.believed([message(None, stranger), message(host, stranger)])) == 2
    strict = HostKeys(str(file), True, 300.0, clock)
    assert refused(strict, message(None, stranger), message(host, stranger)) == {"unknown_host": 2}
    assert refused(strict, {"payload": None}, {"payload": []}, {}) == {"unknown_host": 3}


def test_keys_are_rotated(known: HostKeys, host: Identity, file: Path, clock: Clock) -> None:
    fresh = Identity([keys.new()], clock)
    with file.open("a") as lines:
        lines.write(f"{HOST} {fresh.public[0]}\n")
    assert len(known.believed([message(host), message(fresh)])) == 2
    file.write_text(f"{HOST} {fresh.public[0]}\n")
    assert refused(known, message(host)) == {"forged": 1}


def test_a_file_that_became_wrong_lets_nobody_in(known: HostKeys, host: Identity, file: Path) -> None:
    assert known.believed([message(host)])
    for text in ("nonsense", f"{HOST} x", f"{HOST} ed25519:AAAA", "\0"):
        file.write_text(text)
        assert refused(known, message(None)) == {"unsigned": 1}
        assert known.believed([message(host)])
        with pytest.raises(ValueError):
            HostKeys(str(file), False, 300.0)
    file.unlink()
    assert refused(known, message(None)) == {"unsigned": 1}


def test_an_identity_is_made_once_and_kept(tmp_path: Path) -> None:
    first = identity.of_host(str(tmp_path))
    file = tmp_path / identity.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert identity.of_host(str(tmp_path)).public == first.public
    with file.open("a") as lines:
        lines.write(keys.new() + "\n")
    both = identity.of_host(str(tmp_path)).public
    assert (both[0], len(both)) == (first.public[0], 2)
    file.write_text("\n")
    with pytest.raises(ValueError, match="holds no key"):
        identity.of_host(str(tmp_path))


def test_as_it_is_configured(file: Path) -> None:
    conf = opts.register(cfg.ConfigOpts())
    conf([], default_config_files=[], default_config_dirs=[])
    assert identity.host_keys(conf) is None
    conf.set_override("host_keys_file", str(file), group="signing")
    found = identity.host_keys(conf)
    assert found is not None
    assert (found.knows(HOST), found.knows("c2.example.org")) == (True, False)


@pytest.fixture
def bus() -> Any:
    return rpc_bus()


@pytest.fixture
def served(bus: Any, tmp_path: Path) -> Iterator[Callable[[Identity | None], None]]:
    servers: list[Any] = []

    def serve(host: Identity | None) -> None:
        verifier = Verifier(HOST, str(tmp_path / "none"), False)
        servers.append(agent.server(bus, HOST, Endpoint(), verifier, host))
        servers[-1].start()

    yield serve
    for server in servers:
        server.stop()
        server.wait()


def test_answers_are_signed_errors_too(bus: Any, served: Any, host: Identity, known: HostKeys) -> None:
    served(host)
    api = agent.AgentAPI(bus, PATIENCE, keys=known)
    assert api.apply(HOST, HostSpec(Generation("e", 1)), "req-1").driver == "req-1"
    with pytest.raises(exception.StaleGeneration) as caught:
        api.apply(HOST, HostSpec(Generation("e", 0)))
    assert caught.value.kwargs == {"generation": {"epoch": "e", "n": 7}}
    with pytest.raises(exception.CollectdMgrError, match="ZeroDivisionError: a bug"):
        api.status(HOST)
    # Who knows no keys gets them as they always were.
    assert agent.AgentAPI(bus, PATIENCE).apply(HOST, HostSpec(Generation("e", 1)), "req-1").driver == "req-1"


@pytest.mark.parametrize("reason", ["unsigned", "forged"])
def test_nobody_answers_for_a_host(bus: Any, served: Any, known: HostKeys, reason: str) -> None:
    served(Identity([keys.new()]) if reason == "forged" else None)
    api = agent.AgentAPI(bus, PATIENCE, keys=known)
    for n in (1, 0):
        with pytest.raises(exception.AnswerNotTrusted) as caught:
            api.apply(HOST, HostSpec(Generation("e", n)))
        assert caught.value.kwargs["reason_code"] == reason
    assert known.refused == {reason: 2}


def test_a_host_answers_for_itself_only(bus: Any, file: Path) -> None:
    other = Identity([keys.new()])
    file.write_text(f"c2.example.org {other.public[0]}\n")
    server = agent.server(bus, "c2.example.org", Endpoint(), Verifier("c2.example.org", "none", False), other)
    server.start()
    api = agent.AgentAPI(bus, PATIENCE, keys=HostKeys(str(file), True, 300.0))
    with pytest.raises(exception.AnswerNotTrusted) as caught:
        # The status that it gives is of another host.
        api.apply("c2.example.org", HostSpec(Generation("e", 1)))
    assert caught.value.kwargs["reason_code"] == "other_host"
    server.stop()
    server.wait()


def test_an_answer_is_of_use_for_one_call(host: Identity, known: HostKeys) -> None:
    said = host.answer(HOST, "apply", "word", {"result": 1})
    assert known.opened(HOST, "apply", "word", said) == {"result": 1}
    other = {**said, "answer": {"result": 2}}
    for given in ((HOST, "status", "word", said), (HOST, "apply", "w2", said), (HOST, "apply", "word", other)):
        with pytest.raises(exception.AnswerNotTrusted):
            known.opened(*given)


def test_an_agent_of_before_is_believed_while_it_has_no_key(bus: Any, served: Any, file: Path) -> None:
    file.write_text("")
    served(None)
    api = agent.AgentAPI(bus, PATIENCE, keys=HostKeys(str(file), False, 300.0))
    assert api.apply(HOST, HostSpec(Generation("e", 1)), "req-1").driver == "req-1"
    with pytest.raises(exception.StaleGeneration):
        api.apply(HOST, HostSpec(Generation("e", 0)))


def test_reports_over_the_bus(file: Path, key: str) -> None:
    bus = transport.notifications(configuration())
    known = HostKeys(str(file), False, 300.0)
    heard: list[status.Reports] = []
    listener = status.listener(bus, heard.append, size=10, seconds=0.05, keys=known)
    listener.start()
    said = HostStatus(HOST, 1, 1)
    for who in (None, Identity([keys.new()])):
        status.StatusNotifier(bus, HOST, who).status(said)
        status.StatusNotifier(bus, HOST, who).heartbeat(said.heartbeat())
    own = Identity([key])
    status.StatusNotifier(bus, HOST, own).status(said)
    status.StatusNotifier(bus, HOST, own).heartbeat(said.heartbeat())
    eventually(lambda: sum(len(batch.heartbeats) for batch in heard))
    listener.stop()
    listener.wait()
    assert [each for batch in heard for each in batch.statuses] == [said]
    assert [each for batch in heard for each in batch.heartbeats] == [said.heartbeat()]
    assert known.refused == {"unsigned": 2, "forged": 2}


def test_notifications_over_the_bus(file: Path, key: str) -> None:
    outlet = transport.lasting(configuration())
    known = HostKeys(str(file), False, 300.0)
    heard: list[Any] = []
    listener = notifications.listener(outlet, heard.extend, seconds=0.05, keys=known)
    listener.start()
    for who in (None, Identity([keys.new()]), Identity([key])):
        notifications.Sender(outlet, HOST, who).send([{"number": len(heard)}])
    eventually(lambda: heard)
    listener.stop()
    listener.wait()
    assert heard == [{"host": HOST, "rows": [{"number": 0}]}]
    assert known.refused == {"unsigned": 1, "forged": 1}


def test_a_heartbeat_that_is_none_costs_the_others_nothing() -> None:
    payloads: list[Any] = [[], None, {}, {"host": 1}, PAYLOAD]
    said: list[Mapping[str, Any]] = [{"event_type": status.HEARTBEAT, "payload": payload} for payload in payloads]
    assert status._reports(said).heartbeats == (PAYLOAD,)
