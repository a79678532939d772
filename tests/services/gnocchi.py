# SPDX-License-Identifier: Apache-2.0
"""A Gnocchi of the tests' own."""

from __future__ import annotations

import shutil
import threading

from tests.services.keystone import Keystone
from tests.services.openstack import Place
from tests.services.postgresql import PostgreSQL


class Gnocchi:
    """Its index is in PostgreSQL, for it takes no SQLite, and its measures are files."""

    def __init__(self, keystone: Keystone, postgresql: PostgreSQL) -> None:
        self._place = Place(
            "gnocchi",
            lambda home: {
                "DEFAULT": {"verbose": "true", "coordination_url": f"file://{home}/coordination"},
                "api": {"auth_mode": "keystone"},
                "indexer": {"url": postgresql.database()},
                "storage": {"driver": "file", "file_basepath": home / "storage"},
                "metricd": {"workers": 1, "metric_processing_delay": 1, "metric_reporting_delay": -1},
                "keystone_authtoken": keystone.authtoken(memcached=False),
            },
        )
        (self._place.home / "storage").mkdir()
        self._api = self._place.api("gnocchi.wsgi.api")
        self._metricd = self._place.daemon("gnocchi-metricd")
        keystone.register("gnocchi", "metric", self._api.url)

    def start(self) -> None:
        """It answers when this returns."""
        self._place.run("gnocchi-upgrade")
        self._metricd.start()
        self._api.start()

    def log(self) -> str:
        return self._metricd.tail() + self._api.process.tail()

    def close(self) -> None:
        stops = [threading.Thread(target=each.stop) for each in (self._api.process, self._metricd)]
        for stop in stops:
            stop.start()
        for stop in stops:
            stop.join()
        shutil.rmtree(self._place.home, ignore_errors=True)
