# SPDX-License-Identifier: Apache-2.0
"""What third-party drivers import of the suite."""

import pkgutil
from importlib import import_module
from pathlib import Path

import pytest

from collectd_mgr.drivers.live import LiveDriver
from collectd_mgr.testing import suite
from collectd_mgr.testing.suite.rigs import Host, settings_in


@pytest.mark.parametrize("part", [part.name for part in pkgutil.iter_modules(suite.__path__)])
def test_a_failed_assertion_says_what_was_compared(part: str) -> None:
    assert "@pytest_ar" in vars(import_module(f"{suite.__name__}.{part}"))  # pytest has rewritten it.


class Hanging(Host):
    """What a replacement has left in it does not end."""

    def _end_successors(self) -> None:
        raise TimeoutError


def test_of_a_host_all_is_closed_whatever_becomes_of_the_rest(tmp_path: Path) -> None:
    settings, closed = settings_in(tmp_path), list[bool]()
    Path(settings.state_dir).mkdir()
    host = Hanging(settings, LiveDriver)
    host.exits.callback(closed.append, True)
    with pytest.raises(TimeoutError):
        host.close()
    assert closed
