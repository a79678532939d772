# SPDX-License-Identifier: Apache-2.0
"""The agent as collectd-mgr-agent runs it, except that it can be told where to be killed and what to think safe.

python -m tests.agent.agent_process --config-file FILE [--die-at POINT] [--trust PLUGIN ...]
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from collectd_mgr.cmd import agent, configuration
from collectd_mgr.domain import safety
from collectd_mgr.domain.safety import Safety
from collectd_mgr.drivers.base import Driver, DriverSettings
from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.drivers.replace import ReplaceDriver
from collectd_mgr.drivers.restart import RestartDriver

LIVE = "live"
DRIVERS: dict[str, Callable[[DriverSettings], Driver]] = {"replace": ReplaceDriver, "restart": RestartDriver}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config-file", required=True)
    parser.add_argument("--die-at")
    parser.add_argument("--trust", nargs="*", default=[])
    given = parser.parse_args(argv)
    conf = configuration.load(["--config-file", given.config_file], "collectd-mgr-agent")
    settings = agent.settings(conf).daemon
    drivers = [DRIVERS[name](settings) for name in conf.agent.drivers if name != LIVE]
    if LIVE in conf.agent.drivers:
        drivers.insert(0, LiveDriver(settings, trusting(given.trust)))
    return agent.serve(agent.service(conf, drivers, killing(given.die_at)))


def killing(point: str | None) -> Callable[[str], None]:
    def fault(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    return fault


def trusting(plugins: list[str]) -> Callable[[str], Safety]:
    """The live-safety table, and what somebody swears is as safe as memory."""

    def lookup(plugin: str) -> Safety:
        return replace(safety.lookup("memory"), plugin=plugin) if plugin in plugins else safety.lookup(plugin)

    return lookup


if __name__ == "__main__":
    sys.exit(main())
