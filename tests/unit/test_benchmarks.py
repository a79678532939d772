# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks print is computed right; no test looks at a time."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.figures import Series, table
from benchmarks.processor import Processor


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


#: Waits for a line, works for a while, says so, and waits again.
_BUSY = """
import time
input()
end = time.process_time() + 0.2
while time.process_time() < end: pass
print(flush=True)
input()
"""


def test_the_processor_time_of_each_part_is_counted() -> None:
    series = Series("x")
    with subprocess.Popen(
        [sys.executable, "-c", _BUSY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as busy:
        processor = Processor({"busy": lambda: [busy.pid], "nobody": lambda: [2**22 + 1]})
        processor.measure(series, lambda: _turn(busy))
        busy.communicate("\n")
    _, row = processor.table([series]).splitlines()
    _, spent, nobodys, *_ = row.split()
    assert float(spent) >= 150
    assert float(nobodys) == 0


def _turn(busy: subprocess.Popen[str]) -> None:
    assert busy.stdin
    assert busy.stdout
    busy.stdin.write("\n")
    busy.stdin.flush()
    busy.stdout.readline()
