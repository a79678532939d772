# SPDX-License-Identifier: Apache-2.0
"""A look waits for a silent collectd once."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collectd_mgr import exception
from collectd_mgr.wire.client import WireClient
from collectd_mgr.wire.look import look

SILENCE = (exception.DaemonUnreachable, exception.RequestTimeout)


@pytest.fixture
def hung(tmp_path: Path) -> Iterator[str]:
    """Where somebody listens who never says anything."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / "sock"))
        listener.listen(64)
        yield str(tmp_path / "sock")


def test_the_rest_of_a_look_does_not_ask_any_more(hung: str) -> None:
    clients, began = [WireClient(hung, timeout=600.0), WireClient(hung, timeout=600.0)], time.monotonic()
    with look(2.0):
        for client in 30 * clients:
            with pytest.raises(SILENCE):
                client.call("status", timeout=600.0)
            with look(600.0), pytest.raises(SILENCE):  # A part of the one around it.
                client.hello()
    assert time.monotonic() - began < 60


def test_outside_of_it_each_call_has_its_own_patience(hung: str) -> None:
    client = WireClient(hung, timeout=0.2)
    with look(600.0), pytest.raises(SILENCE):
        client.call("status")
    with pytest.raises(SILENCE):
        client.call("status")
