# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks print is computed right; no test looks at a time."""

from __future__ import annotations

import os
import subprocess
import sys

from benchmarks.figures import Series, table
from benchmarks.split import Split
from tests.waiting import eventually


def test_quantiles() -> None:
    series = Series("x", [float(number) for number in range(100, 0, -1)])
    assert (series.quantile(0.5), series.quantile(0.99)) == (51.0, 100.0)
    assert Series("one", [3.0]).quantile(0.99) == 3.0


def test_a_table_has_multiples_of_its_first_line() -> None:
    _, first, second = table(Series("call", [0.002]), [Series("put", [0.006]), Series("nothing")]).splitlines()
    assert first.split() == ["call", "1", "2.00", "2.00", "1.00", "1.00"]
    assert second.split() == ["put", "1", "6.00", "6.00", "3.00", "3.00"]


def test_measure_counts() -> None:
    series, done = Series("x"), []
    series.measure(lambda: done.append(1))
    assert (len(series.times), done) == (1, [1])


def test_the_time_of_a_process_and_its_children_is_counted() -> None:
    work = "import sys, time\nwhile time.process_time() < 0.2: pass\nsys.stdin.read()"
    split = Split({"ourselves": os.getpid(), "nobody": 2**22 + 1})
    with subprocess.Popen([sys.executable, "-c", work], stdin=subprocess.PIPE) as busy:
        eventually(lambda: _milliseconds(split)[0] >= 150)
        assert _milliseconds(split)[1] == 0
        busy.communicate()


def _milliseconds(split: Split) -> list[float]:
    parts = split.text(1).partition("in ms: ")[2].partition(";")[0].split(", ")
    return [float(part.split()[-1]) for part in parts]
