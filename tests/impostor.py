# SPDX-License-Identifier: Apache-2.0
"""A process of some user of the machine that looks like the collectd of an agent."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from collectd_mgr.drivers.base import DriverSettings
from collectd_mgr.drivers.launcher import arguments, mark
from collectd_mgr.drivers.process import Process, marked
from tests.waiting import eventually

#: Neither root nor whoever runs the tests.
_NOBODY = 65534


@contextmanager
def impostor(settings: DriverSettings) -> Iterator[Process]:
    told = arguments(settings.config_file)
    variable, _, value = mark(settings).partition("=")
    with subprocess.Popen(
        ["collectd", "-c", "read _", "collectd", *told],
        executable="/bin/sh",
        stdin=subprocess.PIPE,
        env={variable: value},
        user=_NOBODY,
        extra_groups=[],
    ) as shell:
        eventually(lambda: [each for each in marked(told, mark(settings)) if each.pid == shell.pid])
        (found,) = (each for each in marked(told, mark(settings)) if each.pid == shell.pid)
        yield found
