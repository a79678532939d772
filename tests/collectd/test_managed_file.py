# SPDX-License-Identifier: Apache-2.0
"""A managed file that somebody broke: it is said, mended from what is remembered, and collectd starts with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.testing.suite.rigs import Host, real_host
from tests.collectd.parts import Parts, spec

BROKEN = [b"", b"<Plugin never_closed>\n", b"\xff\xfe\0", None]


@pytest.fixture
def host() -> Iterator[Host]:
    with real_host(LiveDriver) as host:
        yield host


@pytest.fixture
def parts(host: Host) -> Parts:
    parts = Parts(host)
    parts.applier.apply(spec(1, "memory"))
    return parts


def test_it_is_mended_and_said(parts: Parts, host: Host) -> None:
    before = host.collectd.observe().pid
    text = parts.file.read_bytes()
    assert b"memory" in text
    for broken in BROKEN:
        if broken is None:
            parts.file.unlink()
        else:
            parts.file.write_bytes(broken)
        parts.keeper.look()
        assert parts.file.read_bytes() == text
        assert "It was written anew." in parts.state.memory.warnings[0]
    assert "load" in parts.state.origin.layer.plugins
    assert host.collectd.observe().pid == before
    host.again()
    assert host.collectd.observe().plugins["memory"].enabled


def test_where_nothing_is_changed_it_is_only_said(parts: Parts) -> None:
    parts.mode.write_text("observe")
    parts.file.write_text("<Plugin never_closed>\n")
    parts.keeper.look()
    assert "cannot be read" in parts.state.memory.warnings[0]
    assert parts.file.read_text() == "<Plugin never_closed>\n"
