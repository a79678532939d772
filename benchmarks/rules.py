# SPDX-License-Identifier: Apache-2.0
"""How long thresholds and rules of the ignorelist take to change in a daemon with many metrics.

``python -m benchmarks.rules`` changes one of each kind in turn, on a deployment of its own. What counts is whose
processor time it is: what collectd spends is Python's, which other plugins in Python wait for.
"""

from __future__ import annotations

import argparse
import itertools
import time
from typing import Any

from benchmarks import bed, figures
from benchmarks.bed import Bed
from benchmarks.figures import Series
from benchmarks.processor import Processor, parts
from benchmarks.unixsock import Unixsock
from benchmarks.values import HOST, daemon
from tests.waiting import eventually

Setting = dict[str, Any]

#: Two settings of each kind, which are set in turn.
KINDS: dict[str, tuple[str, Setting, Setting]] = {
    "a threshold of all": ("thresholds/all", {"type": "gauge", "failure_max": 1e9}, {"type": "gauge", "hits": 2}),
    "a threshold of none": ("thresholds/none", {"type": "none"}, {"type": "nothing"}),
    "a rule of none": ("ignorelist/none", {"plugin": "^none$"}, {"plugin": "^nothing$"}),
    "a rule of a hundredth": ("ignorelist/some", {"type_instance": "^metric07"}, {"type_instance": "^metric08"}),
}


class Change:
    """One setting, set otherwise each time."""

    def __init__(self, ground: Bed, path: str, *settings: Setting) -> None:
        self._connection = ground.connection()
        self._path = f"/v1/hosts/{HOST}/{path}"
        self._settings = itertools.cycle(settings)

    def __call__(self) -> None:
        """Until the outcome is known. :raises RuntimeError: when it is not what was asked for"""
        operation = self._connection("PUT", self._path, next(self._settings))["operation"]
        while operation["state"] in ("pending", "applying"):
            time.sleep(0.05)
            operation = self._connection("GET", f"/v1/operations/{operation['id']}")["operation"]
        if (operation["state"], operation["driver"]) != ("succeeded", "live"):
            raise RuntimeError(f"{self._path}: {operation}")


def measure(ground: Bed, metrics: int, rounds: int) -> str:
    agent = daemon(ground, metrics)
    own = Unixsock(ground.deployment.home / "unixsock")
    eventually(lambda: len(own.values()) >= metrics)
    own.close()
    base = Series("an empty RPC call")
    changes = [(Series(name), Change(ground, *kind)) for name, kind in KINDS.items()]
    processor = Processor(parts(ground, agent))
    for _ in range(rounds):
        processor.measure(base, ground.empty)
        for each, change in changes:
            processor.measure(each, change)
    series = [each for each, _ in changes]
    return f"{figures.table(base, series)}\n\n{processor.table([base, *series])}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--metrics", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    with bed.own() as ground:
        print(measure(ground, options.metrics, options.rounds))


if __name__ == "__main__":
    main()
