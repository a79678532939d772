# SPDX-License-Identifier: Apache-2.0
"""The defaults, and what a configuration file makes of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from oslo_config import cfg

from collectd_mgr.rpc import transport


def configured(tmp_path: Path, text: str) -> cfg.ConfigOpts:
    file = tmp_path / "service.conf"
    file.write_text(f"[DEFAULT]\ntransport_url = fake://\n{text}")
    conf = transport.prepare(cfg.ConfigOpts())
    conf(["--config-file", str(file)], project="test")
    transport.rpc(conf)
    return conf


@pytest.mark.parametrize(
    ("text", "auto_delete"),
    [
        ("", True),
        ("[oslo_messaging_rabbit]\nrabbit_quorum_queue = true\n", False),
        ("[oslo_messaging_rabbit]\namqp_auto_delete = false\n", False),
    ],
)
def test_the_queue_of_an_agent_goes_with_it_where_it_can(tmp_path: Path, text: str, auto_delete: bool) -> None:
    assert configured(tmp_path, text).oslo_messaging_rabbit.amqp_auto_delete is auto_delete


def test_everything_that_is_read_is_registered(tmp_path: Path) -> None:
    conf = configured(tmp_path, "")
    assert (conf.control_exchange, conf.oslo_messaging_tracing.tracing_enabled) == ("collectd_mgr", False)
    assert conf.oslo_messaging_metrics.metrics_enabled is False


def test_eventlet_is_not_there() -> None:
    assert sys.modules["eventlet"] is None
