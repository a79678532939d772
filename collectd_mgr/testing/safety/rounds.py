# SPDX-License-Identifier: Apache-2.0
"""The rounds: enable a plugin, disable it, enable it again, and look at collectd after each step."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from collectd_mgr import exception
from collectd_mgr.testing.collectd import ScratchCollectd
from collectd_mgr.testing.safety import probe
from collectd_mgr.testing.safety.verdict import Outcome

#: Seconds between two reads of the plugin under proof.
INTERVAL = 0.1
#: How long a plugin may take for its first values, on a machine that is slow and busy with other things.
PATIENCE = 60.0
#: How long to wait for values of a plugin that may have none to give, and for threads to end that may go on.
HOPE = 5.0
#: How long to look for what must not come; several intervals.
SILENCE = 0.35
#: Options of a collectd for rounds: a value stays in the cache, however late somebody looks for it.
OPTIONS = {"Timeout": 1000}


class Refuted(Exception):
    """The plugin is not live-safe; the arguments are the reason's code and the evidence."""


@dataclass(frozen=True)
class Subject:
    """One plugin in one running collectd (with :data:`OPTIONS`); ``config`` is the inside of its block."""

    plugin: str
    config: str
    daemon: ScratchCollectd

    def enable(self) -> dict[str, Any]:
        """Enable it, for the first time or again; its status as the daemon has it."""
        text = f"<Plugin {self.plugin}>\n{self.config}\n</Plugin>\n" if self.config else ""
        status: dict[str, Any] = self.daemon.call(
            "plugin_enable", plugin=self.plugin, interval=INTERVAL, config_text=text, config_digest=text
        )
        return status

    def disable(self) -> dict[str, Any]:
        """Disable it; its status as the daemon has it."""
        status: dict[str, Any] = self.daemon.call("plugin_disable", plugin=self.plugin, grace_timeout=5.0)
        return status

    def newest(self) -> float:
        """When its newest value came, in seconds since 1970; 0 when collectd has none."""
        return float(max(self.daemon.call("metrics_list", plugin=self.plugin)["times"], default=0.0))

    def notifications(self) -> int:
        """How many notifications collectd has logged so far."""
        return self.daemon.log_text.count("Notification:")


def prove(subject: Subject, rounds: int = 4) -> Outcome:
    """What ``rounds`` rounds show. Whether collectd then ends cleanly is for the caller to see."""
    pid = subject.daemon.pid
    threads = probe.settled(pid)
    try:
        reads, seen = _first(subject)
        running, files = probe.threads(pid), probe.files(pid)
        for _ in range(rounds):
            _disable(subject, threads)
            _again(subject, seen, running)
        _no_growth(subject, files)
        _disable(subject, threads)
    except Refuted as refuted:
        return Outcome(str(refuted.args[0]), str(refuted.args[1]))
    except exception.DaemonUnreachable:
        return Outcome("crash", "It died.")
    except exception.CollectdMgrError as error:
        return Outcome("unknown", f"On the machine of the proof: {error.detail}")
    return Outcome(reads_seen=reads, values_seen=seen)


def _first(subject: Subject) -> tuple[bool, bool]:
    """Whether it registered reads, and whether they gave values."""
    reads = bool(subject.enable()["reads"])
    seen = reads and wait(lambda: subject.newest() > 0, HOPE)
    time.sleep(SILENCE)
    return reads, seen


def _again(subject: Subject, seen: bool, running: Counter[str]) -> None:
    before = time.time()
    reads = subject.enable()["reads"]
    if seen and not reads:
        raise Refuted("not_back", "Enabled again, it registered no read.")
    if seen and not wait(lambda: subject.newest() > before, PATIENCE):
        raise Refuted("not_back", "Enabled again, it gave no values.")
    time.sleep(0 if seen else SILENCE)
    _same_threads(subject, running, "the enable")


def _disable(subject: Subject, threads: Counter[str]) -> None:
    status = subject.disable()
    if status["reads"] or status["stopping"]:
        raise Refuted("reads_left", f"Still there after the disable: {status['reads'] or 'a read in flight'}.")
    off, said = time.time(), subject.notifications()
    time.sleep(SILENCE)
    if subject.newest() > off:
        raise Refuted("reads_left", "A value came after the disable.")
    if subject.notifications() > said:
        raise Refuted("notification_callback", "A notification came after the disable.")
    _same_threads(subject, threads, "the disable")


def _same_threads(subject: Subject, wanted: Counter[str], when: str) -> None:
    def grown() -> dict[str, int]:
        return probe.grown(wanted, probe.threads(subject.daemon.pid))

    if not wait(lambda: not grown(), HOPE):
        raise Refuted("threads", f"More threads after {when}: {grown()}.")


def _no_growth(subject: Subject, before: Counter[str]) -> None:
    """One more than after the first enable is a connection that happens to be open, more is a leak."""
    grown = probe.grown(before, probe.files(subject.daemon.pid))
    leaked = {name: more for name, more in grown.items() if more > 1}
    if leaked:
        raise Refuted("leaks", f"More open files than after the first enable: {leaked}.")


def wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether ``condition`` came true within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.02)
    return True
