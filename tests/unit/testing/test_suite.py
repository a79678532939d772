# SPDX-License-Identifier: Apache-2.0
"""What third-party drivers import of the suite."""

import pkgutil
from importlib import import_module

import pytest

from collectd_mgr.testing import suite


@pytest.mark.parametrize("part", [part.name for part in pkgutil.iter_modules(suite.__path__)])
def test_a_failed_assertion_says_what_was_compared(part: str) -> None:
    assert "@pytest_ar" in vars(import_module(f"{suite.__name__}.{part}"))  # pytest has rewritten it.
