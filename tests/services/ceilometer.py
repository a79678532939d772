# SPDX-License-Identifier: Apache-2.0
"""Ceilometer's notification agent, with its own definitions and those that are shipped for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import amqp
import yaml

from tests.guide.walk import blocks
from tests.services.keystone import Keystone
from tests.services.openstack import PROGRAMS, Place, credentials
from tests.services.rabbitmq import RabbitMQ
from tests.waiting import PATIENCE

_ROOT = Path(__file__).parents[2]

#: Where our services send to, and the queue that the agent takes it from.
EXCHANGE, QUEUE = "collectd_mgr_telemetry", "notifications.info"


class Ceilometer:
    """Writes what it makes of notifications into files too, besides where the shipped pipelines bring it."""

    def __init__(self, rabbitmq: RabbitMQ, keystone: Keystone) -> None:
        self._rabbitmq = rabbitmq
        self._place = Place(
            "ceilometer",
            lambda home: {
                "DEFAULT": {
                    "transport_url": rabbitmq.url,
                    "max_parallel_requests": 4,
                    "pipeline_cfg_file": home / "etc" / "pipeline.yaml",
                    "event_pipeline_cfg_file": home / "etc" / "event_pipeline.yaml",
                },
                "meter": {"meter_definitions_dirs": home / "etc" / "meters.d"},
                "event": {"definitions_cfg_file": home / "etc" / "event_definitions.yaml"},
                "notification": {"workers": 1, "notification_control_exchanges": EXCHANGE},
                "publisher": {"telemetry_secret": ""},
                "service_credentials": credentials(keystone),
            },
        )
        home = self._place.home
        (home / "etc").mkdir()
        # It puts ours beside Ceilometer's own.
        command = blocks("admin/telemetry", "Ceilometer")[0].replace("/etc/ceilometer ", f"{home}/etc ")
        path = f"{PROGRAMS}:{os.environ['PATH']}"
        subprocess.run(["sh", "-c", command], cwd=_ROOT, env={**os.environ, "PATH": path}, check=True)
        for name, file in (("pipeline", "samples"), ("event_pipeline", "events")):
            self._furnish(home / "etc" / f"{name}.yaml", f"file://{home}/{file}?json")
        self._agent = self._place.daemon("ceilometer-agent-notification")

    def _furnish(self, file: Path, publisher: str) -> None:
        """The pipelines, where these definitions are, patient with Gnocchi, and with one publisher more."""
        text = file.read_text().replace("/etc/ceilometer", f"{self._place.home}/etc")
        pipeline = yaml.safe_load(text.replace("gnocchi://?", f"gnocchi://?timeout={PATIENCE}&"))
        for sink in pipeline["sinks"]:
            sink["publishers"].append(publisher)
        file.write_text(yaml.safe_dump(pipeline))

    def start(self) -> None:
        """It listens when this returns."""
        self._agent.start()
        self._agent.wait_until(self._listens)

    def _listens(self) -> bool:
        with suppress(amqp.NotFound), self._rabbitmq.connect() as connection:
            return bool(connection.channel().queue_declare(QUEUE, passive=True).consumer_count)
        return False

    def waiting(self) -> int:
        """Messages that it has not taken yet."""
        with self._rabbitmq.connect() as connection:
            return int(connection.channel().queue_declare(QUEUE, passive=True).message_count)

    def events(self) -> list[dict[str, Any]]:
        """All so far, each with its traits as a mapping."""
        return [
            {**row, "traits": {each["name"]: each["value"] for each in row["traits"]}} for row in self._rows("events")
        ]

    def samples(self) -> list[dict[str, Any]]:
        return self._rows("samples")

    def _rows(self, name: str) -> list[dict[str, Any]]:
        file = self._place.home / name
        # What comes after the last end of a line is being written.
        lines = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
        return [json.loads(line) for line in lines]

    def log(self) -> str:
        return self._agent.log.read_text()

    def close(self) -> None:
        self._agent.stop()
        shutil.rmtree(self._place.home, ignore_errors=True)
