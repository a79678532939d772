# SPDX-License-Identifier: Apache-2.0
"""Hostile specs, sent by somebody who goes past the API, to a real agent of a real collectd."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_mgr import exception
from collectd_mgr.agent.journal import Journal
from collectd_mgr.domain.spec import HOST, Generation, HostSpec, Layer, PluginSetting
from collectd_mgr.rpc.agent import AgentAPI
from tests.agent.agent_host import AgentHost, enabled, spec
from tests.services.rabbitmq import RabbitMQ
from tests.unit.domain.hostile_configs import EXPRESSIONS, REFUSED

#: What runs the code of others, as files that collectd would map.
_DENIED = ("exec.so", "perl.so", "lua.so", "java.so", "dbi.so", "postgresql.so", "evil")


#: The host's operator loads python, for the extension.
OWN = [case for case in REFUSED if case[0].lower() == "python"]
HOSTILE = [case for case in REFUSED if case not in OWN]


#: By section, and how they are refused.
NO_SETTINGS: list[tuple[str, Any, type[exception.CollectdMgrError]]] = [
    ("thresholds", 5, exception.BadRequest),
    ("thresholds", {"x": 5}, exception.BadSetting),
    ("thresholds", {"a b\nc": {"type": "load", "warning_max": 1.0}}, exception.BadSetting),
    ("ignorelist", {"x": [1]}, exception.BadSetting),
    ("queue", {"limits": {"high": "a"}}, exception.BadSetting),
    ("queue", {"limits": {"high": -5, "low": -7}}, exception.BadSetting),
]


@pytest.fixture
def host(rabbitmq: RabbitMQ) -> Iterator[AgentHost]:
    with AgentHost(rabbitmq.url, probation=0.5) as host:
        yield host


def hostile(n: int, plugin: str, config: Any, layer: str = HOST) -> HostSpec:
    plugins = {"memory": PluginSetting(True, 1.0), plugin: PluginSetting(True, config=config)}
    return HostSpec(Generation("e", n), (Layer(layer, plugins),))


def traces(host: AgentHost) -> dict[str, Any]:
    files = [host.directory / "agent" / "journal", *(host.directory / "managed").glob("*")]
    mapped = Path(f"/proc/{host.pid}/maps").read_text()
    return {
        "pid": host.pid,
        "generation": host.status().generation,
        "enabled": enabled(host.status()),
        "denied": [name for name in _DENIED if name in mapped],
        **{str(file): file.read_text() for file in files if file.is_file()},
    }


def refused(api: AgentAPI, host: str, wanted: HostSpec) -> bool:
    try:
        api.apply(host, wanted, timeout=120)
    except exception.RefusedByAgent:
        return True
    return False


def test_none_of_them_reaches_the_daemon(host: AgentHost) -> None:
    host.start()
    host.apply(spec(1, "memory"))
    # The next look at collectd says in the journal what came of that.
    host.until(lambda: Journal(str(host.directory / "agent")).unfinished() is None)
    before = traces(host)
    assert before["denied"] == []
    with host.bus() as api:
        let_in = [case for case in HOSTILE if not refused(api, host.name, hostile(2, *case))]
        # Under another name of the layer it is no better, that of the operator's own among them.
        for layer in ("evil", "origin", ""):
            let_in += [case for case in HOSTILE[:20] if not refused(api, host.name, hostile(9, *case, layer=layer))]
        later = Layer(HOST, {"cpu": PluginSetting(True)}, sections={"phases": {"a": {"seconds": 3}}})
        with pytest.raises(exception.AgentOutdated, match="does not know phases"):
            api.apply(host.name, HostSpec(Generation("e", 10), (later,)), timeout=120)
        for section, settings, error in NO_SETTINGS:
            none = Layer(HOST, {"memory": PluginSetting(True, 1.0)}, sections={section: settings})
            with pytest.raises(error):
                api.apply(host.name, HostSpec(Generation("e", 11), (none,)), timeout=120)
        for plugin, config in EXPRESSIONS[:1]:
            asked = Layer(HOST, {plugin: PluginSetting(True, config=config)})
            with pytest.raises(exception.RefusedByAgent, match="regular expression"):
                api.plugin_test(host.name, plugin, asked, 5.0, "req-heavy", 120)
    assert let_in == []
    assert traces(host) == before


def test_the_operators_own_python_takes_nothing_from_here(host: AgentHost) -> None:
    """It may be named, it may even be switched off; what it runs is the operator's business."""
    host.start()
    host.apply(spec(1, "memory"))
    pid = host.pid
    for n, case in enumerate(OWN, 2):
        try:
            status = host.apply(hostile(n, *case))
        except exception.RefusedByAgent:
            continue
        assert status.error is None or status.error["code"] == "owned_by_host_config"
        # After one that failed it does not follow what runs: it is let in without effect, and that is said.
        said = status.error is not None or any("only enabled can be set" in line for line in status.warnings)
        assert said == (case[1] is not None)
    texts = [file.read_text() for file in (host.directory / "managed").glob("*") if file.is_file()]
    assert any("memory" in text for text in texts)
    assert not any(word in text for text in texts for word in ("evil", "ModulePath", '/tmp"'))
    assert host.pid == pid
