# SPDX-License-Identifier: Apache-2.0
"""A call counts for one host, once, for a while, as it was signed; by whoever the host trusts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

from collectd_mgr import exception
from collectd_mgr.conf import opts
from collectd_mgr.domain.secrets import mask_text
from collectd_mgr.domain.spec import Generation, HostSpec
from collectd_mgr.rpc import agent, keys, signing
from collectd_mgr.rpc.signing import Signer, Verifier
from tests.unit.rpc.buses import rpc_bus
from tests.unit.rpc.conftest import Clock
from tests.unit.rpc.test_agent import HOST, Endpoint

ARGUMENTS = {"spec": {"generation": {"epoch": "e", "n": 3}, "layers": [], "config": {"ü": [1, 2.5, True, None]}}}


@pytest.fixture
def trusted(tmp_path: Path, key: str) -> Path:
    file = tmp_path / "trusted-keys"
    file.write_text(f"# the control plane\n\n{keys.public_half(key)} since November\n")
    return file


@pytest.fixture
def verifier(trusted: Path, clock: Clock) -> Verifier:
    return Verifier(HOST, str(trusted), True, clock)


@pytest.fixture
def call(key: str, clock: Clock) -> dict[str, Any]:
    return context(Signer([key], 300.0, clock))


def context(signer: Signer, host: str = HOST, arguments: Any = None) -> dict[str, Any]:
    """As it comes out of the bus."""
    signature = signer.sign(host, "apply", ARGUMENTS if arguments is None else arguments, "req-1")
    return dict(json.loads(json.dumps({"request_id": "req-1", "signature": signature})))


def reason(verifier: Verifier, call: dict[str, Any], method: str = "apply", arguments: Any = None) -> str:
    with pytest.raises(exception.SignatureRefused) as caught:
        verifier.check(call, method, json.loads(json.dumps(ARGUMENTS)) if arguments is None else arguments)
    return str(caught.value.kwargs["reason_code"])


def test_what_was_signed_counts_once(verifier: Verifier, call: dict[str, Any]) -> None:
    verifier.check(call, "apply", json.loads(json.dumps(ARGUMENTS)))
    assert reason(verifier, call) == "replayed"
    assert verifier.sentences() == ("Calls that were refused: 1 (replayed).",)
    assert mask_text(verifier.sentences()[0]) == verifier.sentences()[0]


def test_what_was_heard_is_kept_in_mind_until_it_expires(verifier: Verifier, key: str, clock: Clock) -> None:
    signer = Signer([key], 300.0, clock)
    first = context(signer)
    verifier.check(first, "apply", ARGUMENTS)
    for _ in range(2500):
        clock.now += 0.1
        verifier.check(context(signer), "apply", ARGUMENTS)
    assert reason(verifier, first) == "replayed"
    clock.now += 300
    for _ in range(2500):
        verifier.check(context(signer), "apply", ARGUMENTS)
    assert len(verifier._heard._seen) <= 5001
    assert reason(verifier, first) == "expired"


def test_what_is_not_signed(verifier: Verifier, trusted: Path) -> None:
    assert reason(verifier, {"request_id": "req-1"}) == "unsigned"
    Verifier(HOST, str(trusted), False).check({"request_id": "req-1"}, "apply", ARGUMENTS)


def test_a_bad_signature_is_worse_than_none(trusted: Path, clock: Clock, call: dict[str, Any]) -> None:
    call["signature"]["value"] = "AAAA"
    assert reason(Verifier(HOST, str(trusted), False, clock), call) == "forged"


Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    "change",
    [
        lambda call: call.update(request_id="req-2"),
        lambda call: call["signature"].update(expires=call["signature"]["expires"] + 1),
        lambda call: call["signature"].update(issued=call["signature"]["issued"] - 1),
        lambda call: call["signature"].update(nonce="x"),
        lambda call: call["signature"].update(expires="nan"),
        lambda call: call["signature"].update(expires="inf"),
        lambda call: call["signature"].update(host="c2.example.org"),
        lambda call: call["signature"].update(value=call["signature"]["value"][:-4]),
        lambda call: call["signature"].update(value="*"),
        lambda call: call["signature"].update(value=None),
    ],
)
def test_nothing_of_it_can_be_changed(verifier: Verifier, call: dict[str, Any], change: Change) -> None:
    change(call)
    assert reason(verifier, call) == "forged"


@pytest.mark.parametrize("arguments", [{}, {"spec": {}}, {"spec": float("nan")}])
def test_nor_what_it_is_about(verifier: Verifier, call: dict[str, Any], arguments: Any) -> None:
    assert reason(verifier, call, "flush") == "forged"
    assert reason(verifier, call, arguments=arguments) == "forged"


@pytest.mark.parametrize(
    "given", [1, "x", [], {}, {"host": HOST}, {"host": HOST, "issued": "x"}, {"host": HOST, "issued": 10**400}]
)
def test_what_is_no_signature(verifier: Verifier, given: Any) -> None:
    assert reason(verifier, {"signature": given}) == "malformed"


def test_another_host(verifier: Verifier, key: str, clock: Clock) -> None:
    assert reason(verifier, context(Signer([key], 300.0, clock), "c2.example.org")) == "other_host"


def test_its_time(verifier: Verifier, key: str, clock: Clock) -> None:
    signer = Signer([key], 300.0, clock)
    late, early = context(signer), context(signer)
    clock.now -= 61
    assert reason(verifier, early) == "not_yet"
    clock.now += 61 + 300
    assert reason(verifier, late) == "expired"


def test_keys_are_rotated(verifier: Verifier, trusted: Path, key: str, clock: Clock) -> None:
    new = keys.new()
    assert reason(verifier, context(Signer([new, key], 300.0, clock))) == "unknown_key"
    with trusted.open("a") as file:
        file.write(keys.public_half(new) + "\n")
    verifier.check(context(Signer([new, key], 300.0, clock)), "apply", ARGUMENTS)
    verifier.check(context(Signer([key], 300.0, clock)), "apply", ARGUMENTS)
    trusted.write_text(keys.public_half(new) + "\n")
    assert reason(verifier, context(Signer([key], 300.0, clock))) == "unknown_key"


def test_a_file_of_keys_that_cannot_be_read_trusts_nobody(verifier: Verifier, trusted: Path, key: str) -> None:
    for text in ("nonsense", "ed25519:AAAA", f"{keys.public_half(key)}\nx"):
        trusted.write_text(text)
        assert reason(verifier, context(Signer([key], 300.0, Clock()))) == "unknown_key"
    trusted.unlink()
    assert reason(verifier, context(Signer([key], 300.0, Clock()))) == "unknown_key"


def test_the_signer_of_a_configuration(tmp_path: Path, key: str) -> None:
    conf = opts.register(cfg.ConfigOpts())
    conf([], default_config_files=[], default_config_dirs=[])
    assert signing.signer(conf) is None
    file = tmp_path / "keys"
    conf.set_override("key_file", str(file), group="signing")
    for text in ("", "nonsense", "AAAA"):
        file.write_text(text)
        with pytest.raises(ValueError, match="signing new"):
            signing.signer(conf)
    file.write_text(f"{key}\n{keys.new()}\n")
    assert signing.signer(conf) is not None


@pytest.fixture
def bus(key: str, trusted: Path) -> Iterator[Any]:
    bus = rpc_bus()
    server = agent.server(bus, HOST, Endpoint(), Verifier(HOST, str(trusted), True))
    server.start()
    yield bus
    server.stop()
    server.wait()


def test_over_the_bus(bus: Any, key: str) -> None:
    signed = agent.AgentAPI(bus, 5, Signer([key], 300.0))
    assert signed.apply(HOST, HostSpec(Generation("e", 1)), "req-1").driver == "req-1"
    with pytest.raises(exception.StaleGeneration):
        signed.apply(HOST, HostSpec(Generation("e", 0)))
    for stranger in (agent.AgentAPI(bus, 5), agent.AgentAPI(bus, 5, Signer([keys.new()], 300.0))):
        with pytest.raises(exception.SignatureRefused):
            stranger.apply(HOST, HostSpec(Generation("e", 2)))
        with pytest.raises(exception.SignatureRefused):
            stranger.status(HOST)
